/** A table as a Parquet file, written by a thread of its own. */
import type { Worker } from 'node:worker_threads';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Column } from '../table.ts';
import type { FromParquet, ParquetWorkerData, ToParquet } from './protocol.ts';

/**
 * The file's bytes, as rows come: a column for each of the table's, under its name, with its type, and null where a row has
 * nothing. The thread ends with the file, or when it is left before.
 * @param spawn starts the thread
 * @throws Error when the thread fails
 */
export async function* parquetTable<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
  spawn: SpawnParquet = (workerData) => spawnBeside(import.meta.url, 'parquet.worker', { workerData }),
): AsyncGenerator<Uint8Array, undefined> {
  const thread = new ParquetThread(spawn({ columns: columns.map(({ name, type }) => ({ name, type })) }));
  try {
    for await (const rows of pages) {
      // Mostly of no bytes, until a group is whole; whoever leaves is let go at each of them.
      yield await thread.add(columns.map(({ value }) => rows.map((row) => value(row))));
    }
    yield await thread.end();
  } finally {
    await thread.terminate();
  }
}

interface ParquetWorker extends Pick<Worker, 'postMessage' | 'terminate'> {
  on(event: 'message', listener: (message: FromParquet) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}
type SpawnParquet = (workerData: ParquetWorkerData) => ParquetWorker;

class ParquetThread {
  readonly #thread: ParquetWorker;
  readonly #pending = new PendingRequests<Uint8Array>();
  /** What it did when it was lost. */
  #lost: string | null = null;

  constructor(thread: ParquetWorker) {
    this.#thread = thread;
    const lose = (reason: string) => {
      this.#lost ??= reason;
      this.#pending.rejectAll(() => lost(reason));
    };
    this.#thread.on('message', ({ id, bytes }: FromParquet) => this.#pending.resolve(id, bytes));
    this.#thread.on('error', ({ message }) => lose(`failed: ${message}`));
    this.#thread.on('exit', () => lose('ended'));
  }

  add(cells: Extract<ToParquet, { cells: unknown }>['cells']): Promise<Uint8Array> {
    return this.#send((id) => ({ id, cells }));
  }

  end(): Promise<Uint8Array> {
    return this.#send((id) => ({ id, end: true }));
  }

  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }

  #send(message: (id: number) => ToParquet): Promise<Uint8Array> {
    // A thread that is gone answers nothing.
    if (this.#lost !== null) return Promise.reject(lost(this.#lost));
    const { id, answer } = this.#pending.open(undefined);
    this.#thread.postMessage(message(id));
    return answer;
  }
}

function lost(reason: string): Error {
  return new Error(`The thread that writes Parquet ${reason}`);
}
