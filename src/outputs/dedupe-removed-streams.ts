/** Streams that were removed, at whichever server: each run here is told of one once, behind what it was told of it before. */
import type { OutputRun } from './output-run.ts';
import type { OutputStore } from './ports.ts';

export class RemovedStreams {
  readonly #read: () => ReturnType<OutputStore['removed']>;
  /** As far as the database still knows of them, and whether they were told as this server's. */
  #told: ReadonlyMap<string, boolean> = new Map();

  constructor(read: () => ReturnType<OutputStore['removed']>) {
    this.#read = read;
  }

  async tell(runs: ReadonlyMap<string, Pick<OutputRun, 'removed'>>): Promise<void> {
    const removed = await this.#read();
    for (const { streamId, isOurs } of removed) {
      // The server whose it was may be gone since: then it is this one's after all.
      const wasOurs = this.#told.get(streamId);
      if (wasOurs === true || wasOurs === isOurs) continue;
      for (const run of runs.values()) run.removed(streamId, isOurs);
    }
    this.#told = new Map(removed.map(({ streamId, isOurs }) => [streamId, isOurs]));
  }
}
