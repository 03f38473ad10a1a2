/** Streams that were removed, at whichever server: each run here is told of one once, behind what it was told of it before. */
import type { OutputRun } from './output-run.ts';
import type { OutputStore } from './ports.ts';

export class RemovedStreams {
  readonly #read: () => ReturnType<OutputStore['removed']>;
  /** As far as the database still knows of them. */
  #told: ReadonlySet<string> = new Set();

  constructor(read: () => ReturnType<OutputStore['removed']>) {
    this.#read = read;
  }

  async tell(runs: ReadonlyMap<string, Pick<OutputRun, 'removed'>>): Promise<void> {
    const removed = await this.#read();
    for (const { streamId, isOurs } of removed) {
      if (this.#told.has(streamId)) continue;
      for (const run of runs.values()) run.removed(streamId, isOurs);
    }
    this.#told = new Set(removed.map(({ streamId }) => streamId));
  }
}
