/** A table as a Parquet file, written by a thread of its own. */
import type { Worker } from 'node:worker_threads';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Column, FloatsOf } from '../table.ts';
import {
  BLOCK_ROWS,
  type FromParquet,
  type ParquetWorkerData,
  type RowBlock,
  type ToParquet,
} from './parquet-protocol.ts';
import { rowBlocks } from './row-block.ts';

/**
 * The file's bytes, as rows come: a column for each of the table's, under its name, with its type, and null where a row has
 * nothing. Whoever reads slowly has the thread, and the reading of rows, wait. The thread ends with the file, or when it is
 * left before.
 * @param floatsOf default: as the columns tell them
 * @param spawn starts the thread
 * @throws Error when the thread fails
 */
export async function* parquetTable<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
  { floatsOf, spawn = spawnThread }: { floatsOf?: FloatsOf<Row> | undefined; spawn?: SpawnParquet } = {},
): AsyncGenerator<Uint8Array, undefined> {
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const thread = new ParquetThread(
    spawn({ columns: columns.map(({ name, type }) => ({ name, type })), waiting }),
  );
  const blocks = rowBlocks(columns, floatsOf);
  try {
    for await (const rows of pages) {
      for (let at = 0; at < rows.length; at += BLOCK_ROWS) {
        thread.send({ block: blocks.fill(rows.slice(at, at + BLOCK_ROWS)) });
        while (thread.ahead > BLOCKS_AHEAD) yield* chunkOf(await thread.next());
      }
      // Whoever leaves is let go at each page, also where no group is whole yet.
      yield NOTHING;
    }
    thread.send({ end: true });
    while (thread.ahead > 0) yield* chunkOf(await thread.next());
  } finally {
    await thread.terminate();
  }

  function* chunkOf(message: FromParquet): Generator<Uint8Array, void> {
    if ('block' in message) blocks.reuse(message.block);
    if (!('chunk' in message)) return;
    yield message.chunk;
    // Whoever reads asked for more.
    Atomics.sub(waiting, 0, 1);
    Atomics.notify(waiting, 0);
  }
}

function spawnThread(workerData: ParquetWorkerData): ParquetWorker {
  return spawnBeside(import.meta.url, 'parquet.worker', { workerData, resourceLimits: HEAP });
}

/** Of objects; the columns of numbers are apart: without a bound a thread collects its garbage when there are hundreds of megabytes. */
const HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };
/** Handed over while the thread still encodes a group: of readings 400 kB each. */
const BLOCKS_AHEAD = 8;
const NOTHING = new Uint8Array();

interface ParquetWorker extends Pick<Worker, 'postMessage' | 'terminate'> {
  on(event: 'message', listener: (message: FromParquet) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}
type SpawnParquet = (workerData: ParquetWorkerData) => ParquetWorker;

class ParquetThread {
  /** What it was sent and has not done. */
  ahead = 0;
  readonly #thread: ParquetWorker;
  readonly #came: FromParquet[] = [];
  #wake = (): void => {};
  /** Why it is no more. */
  #lost: Error | null = null;

  constructor(thread: ParquetWorker) {
    this.#thread = thread;
    const lose = (reason: string) => {
      this.#lost ??= new Error(`The thread that writes Parquet ${reason}`);
      this.#wake();
    };
    this.#thread.on('message', (message) => {
      this.#came.push(message);
      this.#wake();
    });
    this.#thread.on('error', ({ message }) => lose(`failed: ${message}`));
    this.#thread.on('exit', () => lose('ended'));
  }

  /** @throws Error when it is lost */
  send(message: ToParquet): void {
    // A thread that is gone answers nothing.
    if (this.#lost !== null) throw this.#lost;
    this.#thread.postMessage(message, 'block' in message ? buffersOf(message.block) : []);
    this.ahead += 1;
  }

  /** What comes next. @throws Error when it is lost */
  async next(): Promise<FromParquet> {
    while (this.#came.length === 0) {
      if (this.#lost !== null) throw this.#lost;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const message = this.#came.shift()!;
    if (!('chunk' in message)) this.ahead -= 1;
    return message;
  }

  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }
}

function buffersOf({ floats, numbers, codes }: RowBlock): ArrayBuffer[] {
  return [floats.buffer, numbers.buffer, codes.buffer];
}
