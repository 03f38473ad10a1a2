/** What `mien analyze` is given to look at. */
import { resolve } from 'node:path';
import type { SourceInput } from '../domain/frame.ts';
import type { Ingest } from '../ingest/index.ts';

/** A URL, a device, or the path of a file. */
export function sourceOf(input: string): SourceInput {
  if (/^[a-z]+:\/\//i.test(input)) return { type: 'url', url: input };
  if (input.startsWith('/dev/video')) return { type: 'device', device: input };
  return { type: 'file', path: resolve(input) };
}

type Opening = ReturnType<Ingest['open']>;

export interface Openings {
  /** Opens the files from here on while something else is done: while models open, or an input before them is analysed. */
  begin(index: number): void;
  /** As `Ingest.open` gives it, once. */
  take(index: number): Opening;
}

/** As many as keep two cores busy: of a picture, to start ffmpeg is most of the work. */
const AT_ONCE = 2;

/** Inputs opened before their turn, each by its place in the list. */
export function createOpenings(inputs: readonly string[], open: (source: SourceInput) => Opening): Openings {
  const begun = new Map<number, Opening>();
  return {
    begin(index) {
      for (const [i, input] of inputs.slice(index, index + AT_ONCE).entries()) {
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
