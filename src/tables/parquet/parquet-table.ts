/** A table as a Parquet file, written by a thread of its own. */
import type { Worker } from 'node:worker_threads';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Column } from '../table.ts';
import type { FromParquet, ParquetWorkerData, RowBlock, ToParquet } from './protocol.ts';
import { rowBlocks } from './row-block.ts';

/**
 * The file's bytes, as rows come: a column for each of the table's, under its name, with its type, and null where a row has
 * nothing. The thread ends with the file, or when it is left before.
 * @param spawn starts the thread
 * @throws Error when the thread fails
 */
export async function* parquetTable<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
  spawn: SpawnParquet = (workerData) =>
    spawnBeside(import.meta.url, 'parquet.worker', { workerData, resourceLimits: HEAP }),
): AsyncGenerator<Uint8Array, undefined> {
  const thread = new ParquetThread(spawn({ columns: columns.map(({ name, type }) => ({ name, type })) }));
  const blockOf = rowBlocks(columns);
  try {
    const answers: Promise<FromParquet['chunks']>[] = [];
    for await (const rows of pages) {
      answers.push(thread.add(blockOf(rows)));
      if (answers.length > BLOCKS_AHEAD) yield* await answers.shift()!;
      // Whoever leaves is let go at each page, also where no group is whole yet.
      yield NOTHING;
    }
    answers.push(thread.end());
    for (const answer of answers) yield* await answer;
  } finally {
    await thread.terminate();
  }
}

/** Of objects, the columns of numbers apart: without a bound a thread collects its garbage when there are hundreds of megabytes. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };
/** Handed over while the thread still encodes a group: of readings 400 kB each. */
const BLOCKS_AHEAD = 40;
const NOTHING = new Uint8Array();

interface ParquetWorker extends Pick<Worker, 'postMessage' | 'terminate'> {
  on(event: 'message', listener: (message: FromParquet) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}
type SpawnParquet = (workerData: ParquetWorkerData) => ParquetWorker;

class ParquetThread {
  readonly #thread: ParquetWorker;
  readonly #pending = new PendingRequests<FromParquet['chunks']>();
  /** What it did when it was lost. */
  #lost: string | null = null;

  constructor(thread: ParquetWorker) {
    this.#thread = thread;
    const lose = (reason: string) => {
      this.#lost ??= reason;
      this.#pending.rejectAll(() => lost(reason));
    };
    this.#thread.on('message', ({ id, chunks }: FromParquet) => this.#pending.resolve(id, chunks));
    this.#thread.on('error', ({ message }) => lose(`failed: ${message}`));
    this.#thread.on('exit', () => lose('ended'));
  }

  add(block: RowBlock): Promise<FromParquet['chunks']> {
    return this.#send((id) => ({ id, block }), [block.floats.buffer, block.numbers.buffer]);
  }

  end(): Promise<FromParquet['chunks']> {
    return this.#send((id) => ({ id, end: true }));
  }

  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }

  #send(
    message: (id: number) => ToParquet,
    moved: readonly ArrayBuffer[] = [],
  ): Promise<FromParquet['chunks']> {
    // A thread that is gone answers nothing.
    if (this.#lost !== null) throw lost(this.#lost);
    const { id, answer } = this.#pending.open(undefined);
    // Whoever asked is told when it comes to this one.
    answer.catch(() => {});
    this.#thread.postMessage(message(id), moved);
    return answer;
  }
}

function lost(reason: string): Error {
  return new Error(`The thread that writes Parquet ${reason}`);
}
