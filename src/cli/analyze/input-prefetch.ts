/** An input as a source, and recorded ones that are opened ahead. */
import { resolve } from 'node:path';
import type { SourceInput } from '../../domain/frame.ts';
import { INPUTS_OPENED_AHEAD } from '../../domain/read-ahead.ts';
import type { Ingest } from '../../ingest/index.ts';

/** A URL, a device, or the path of a file. */
export function sourceOf(input: string): SourceInput {
  if (/^[a-z]+:\/\//i.test(input)) return { type: 'url', url: input };
  if (input.startsWith('/dev/video')) return { type: 'device', device: input };
  return { type: 'file', path: resolve(input) };
}

export type OpeningInput = ReturnType<Ingest['open']>;

/** Recorded inputs that are opened before their turn. */
export interface InputPrefetch {
  /** Opens the next files of those whose turn has not come, while models open, or inputs before them are analysed. */
  openAhead(): void;
  /** What `Ingest.open` gives for this input; one after the other, each once. */
  take(index: number): OpeningInput;
}

/** @param open opens one input */
export function createInputPrefetch(
  inputs: readonly string[],
  open: (source: SourceInput) => OpeningInput,
): InputPrefetch {
  /** By their place in the list. */
  const begun = new Map<number, OpeningInput>();
  /** The first whose turn has not come. */
  let next = 0;
  return {
    openAhead() {
      for (const [i, input] of inputs.slice(next, next + INPUTS_OPENED_AHEAD).entries()) {
        const source = sourceOf(input);
        // What is not a file may be another thing by then.
        if (begun.has(next + i) || source.type !== 'file') continue;
        const opening = open(source);
        opening.catch(() => {}); // it is told when its turn comes
        begun.set(next + i, opening);
      }
    },
    take(index) {
      next = Math.max(next, index + 1);
      const opening = begun.get(index);
      begun.delete(index);
      return opening ?? open(sourceOf(inputs[index]!));
    },
  };
}
