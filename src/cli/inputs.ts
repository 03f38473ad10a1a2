/** An input as a source, and recorded ones that are opened ahead. */
import { resolve } from 'node:path';
import type { SourceInput } from '../domain/frame.ts';
import { INPUTS_OPENED_AHEAD } from '../domain/read-ahead.ts';
import type { Ingest } from '../ingest/index.ts';

/** A URL, a device, or the path of a file. */
export function sourceOf(input: string): SourceInput {
  if (/^[a-z]+:\/\//i.test(input)) return { type: 'url', url: input };
  if (input.startsWith('/dev/video')) return { type: 'device', device: input };
  return { type: 'file', path: resolve(input) };
}

type OpeningInput = ReturnType<Ingest['open']>;

/** Recorded inputs that are opened before their turn. */
export interface InputPrefetch {
  /** Opens the next files from this one on, while models open, or an input before them is analysed. */
  begin(index: number): void;
  /** What `Ingest.open` gives for this input; once. */
  take(index: number): OpeningInput;
}

/** @param open opens one input */
export function createInputPrefetch(
  inputs: readonly string[],
  open: (source: SourceInput) => OpeningInput,
): InputPrefetch {
  /** By their place in the list. */
  const begun = new Map<number, OpeningInput>();
  return {
    begin(index) {
      for (const [i, input] of inputs.slice(index, index + INPUTS_OPENED_AHEAD).entries()) {
        const source = sourceOf(input);
        // What is not a file may be another thing by then.
        if (begun.has(index + i) || source.type !== 'file') continue;
        const opening = open(source);
        opening.catch(() => {}); // it is told when its turn comes
        begun.set(index + i, opening);
      }
    },
    take(index) {
      const opening = begun.get(index);
      begun.delete(index);
      return opening ?? open(sourceOf(inputs[index]!));
    },
  };
}
