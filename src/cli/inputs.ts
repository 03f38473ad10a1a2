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
  /** Opens a file while something else is done: the first while models open, the next while one is analysed. */
  begin(index: number): void;
  /** As `Ingest.open` gives it, once. */
  take(index: number): Opening;
}

/** Inputs opened before their turn, each by its place in the list. */
export function createOpenings(inputs: readonly string[], open: (source: SourceInput) => Opening): Openings {
  const begun = new Map<number, Opening>();
  const begin = (index: number) => open(sourceOf(inputs[index]!));
  return {
    begin(index) {
      // What is not a file may be another thing by then.
      if (inputs[index] === undefined || sourceOf(inputs[index]).type !== 'file') return;
      const opening = begin(index);
      opening.catch(() => {}); // it is told when its turn comes
      begun.set(index, opening);
    },
    take(index) {
      const opening = begun.get(index);
      begun.delete(index);
      return opening ?? begin(index);
    },
  };
}
