/** What `mien analyze` is given to look at. */
import { resolve } from 'node:path';
import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import type { Ingest } from '../ingest/index.ts';

/** A URL, a device, or the path of a file. */
export function sourceOf(input: string): SourceInput {
  if (/^[a-z]+:\/\//i.test(input)) return { type: 'url', url: input };
  if (input.startsWith('/dev/video')) return { type: 'device', device: input };
  return { type: 'file', path: resolve(input) };
}

export interface Probes {
  /** Looks at a file while something else is done: at the first while models open, at the next while one is analysed. */
  begin(index: number): void;
  /** What was found, once; throws as `Ingest.probe` does. */
  take(index: number): Promise<SourceInfo>;
}

/** Inputs looked at before their turn, each by its place in the list. */
export function openProbes(inputs: readonly string[], ingest: Ingest, signal: AbortSignal): Probes {
  const begun = new Map<number, Promise<SourceInfo>>();
  const probe = (index: number) => ingest.probe(sourceOf(inputs[index]!), signal);
  return {
    begin(index) {
      // What is not a file may be another thing by then.
      if (inputs[index] === undefined || sourceOf(inputs[index]).type !== 'file') return;
      const info = probe(index);
      info.catch(() => {}); // it is told when its turn comes
      begun.set(index, info);
    },
    take(index) {
      const info = begun.get(index);
      begun.delete(index);
      return info ?? probe(index);
    },
  };
}
