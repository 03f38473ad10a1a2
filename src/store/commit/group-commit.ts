/**
 * Group commit: commits begin a few milliseconds apart, each with what has arrived since, of all sessions; a moment
 * that comes after a lull does not wait. While one commit runs the next gathers, so a backlog goes in larger commits.
 * One at a time: the order of a session is kept.
 */

import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { sleep } from '../../threads/sleep.ts';
import { isTransient } from '../database-errors.ts';
import type { Commit, Prepare } from './commit-statement.ts';
import type { Ending, Entry, Work } from './encode-batch.ts';

/** A backlog is written in commits of at most so many times `commitMax`. */
const BACKLOG = 16;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2_000;
const DRAIN_MS = 5_000;

export interface BatchConfig {
  /** From the beginning of one commit to that of the next, in milliseconds; so long does a moment wait at most. */
  commitIntervalMs: number;
  /** So many moments start a commit at once. */
  commitMax: number;
  /** Most moments that wait, above all while the database is away. */
  bufferMax: number;
  metrics?: StoreMetrics | undefined;
  log?: Pick<Log, 'info' | 'warn'> | undefined;
}

export interface StoreMetrics {
  /** From the arrival of the oldest moment of a commit until it was durable. */
  commitSeconds?(seconds: number): void;
  /** Moments in a commit. */
  commitSize?(moments: number): void;
  /** Moments that wait now. */
  bufferDepth?(moments: number): void;
}

export interface Batcher {
  /** Resolves once durable. @throws MienError STORE_UNAVAILABLE: not stored, the buffer is full; NOT_FOUND: its session was removed */
  add(part: Entry | Ending): Promise<void>;
  /** Writes what waits, for at most some seconds, then rejects the rest. */
  close(): Promise<void>;
}

interface Batch {
  items: Item[];
  commit: Commit;
}

interface Item {
  part: Entry | Ending;
  arrived: number;
  resolve(): void;
  reject(error: unknown): void;
}

export function createBatcher(prepare: Prepare, config: BatchConfig): Batcher {
  const { commitIntervalMs, commitMax, bufferMax, metrics, log } = config;
  const waiting: Item[] = [];
  let writing: Item[] = [];
  let ahead: Batch | null = null;
  let timer: NodeJS.Timeout | undefined;
  let began = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;
  const closing = new AbortController();
  const givenUp = new AbortController();
  const depth = () => waiting.length + writing.length + (ahead?.items.length ?? 0);

  function schedule(): void {
    if (running !== null || depth() === 0) return;
    if (ahead !== null || waiting.length >= commitMax || closing.signal.aborted) start();
    else timer ??= setTimeout(start, Math.max(0, began + commitIntervalMs - performance.now()));
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (running !== null) return;
    began = performance.now();
    const batch = ahead ?? take();
    ahead = null;
    writing = batch.items;
    running = write(batch).finally(() => {
      writing = [];
      running = null;
      metrics?.bufferDepth?.(depth());
      schedule();
    });
    setImmediate(lookAhead);
  }

  /** A backlog's next batch is made ready while the one before is written. */
  function lookAhead(): void {
    if (running !== null && ahead === null && waiting.length >= commitMax) ahead = take();
  }

  function take(): Batch {
    return ready(waiting.splice(0, commitMax * BACKLOG));
  }

  function ready(items: Item[]): Batch {
    try {
      return { items, commit: prepare(workOf(items)) };
    } catch (error) {
      return { items, commit: () => Promise.reject(error) };
    }
  }

  /** Settles every item. A batch that the database refuses is halved until the culprit stands alone. */
  async function write({ items, commit }: Batch): Promise<void> {
    try {
      const gone = await untilReachable(commit);
      for (const item of items) settle(item, gone);
      metrics?.commitSeconds?.((performance.now() - items[0]!.arrived) / 1000);
      metrics?.commitSize?.(items.length);
    } catch (error) {
      if (items.length === 1 || givenUp.signal.aborted) {
        for (const item of items) item.reject(error);
        return;
      }
      const half = items.length >> 1;
      await write(ready(items.slice(0, half)));
      await write(ready(items.slice(half)));
    }
  }

  async function untilReachable(attempt: Commit): Promise<Set<string>> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      try {
        const result = await attempt();
        if (pause > FIRST_PAUSE_MS) log?.info({ waiting: depth() }, 'the database is back');
        return result;
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (pause === FIRST_PAUSE_MS) log?.warn({ err: error }, 'the database is away; moments wait');
        if (givenUp.signal.aborted)
          throw unavailable('The database did not come back before the shutdown.', error);
        await sleep(pause, givenUp.signal);
      }
    }
  }

  return {
    add(part) {
      if (closing.signal.aborted)
        return Promise.reject(new MienError('SHUTTING_DOWN', 'The store is closing.'));
      if (depth() >= bufferMax) {
        return Promise.reject(
          unavailable(`The database is away, and ${bufferMax} moments wait for it already.`),
        );
      }
      return new Promise<void>((resolve, reject) => {
        waiting.push({ part, arrived: performance.now(), resolve, reject });
        metrics?.bufferDepth?.(depth());
        schedule();
      });
    },
    async close() {
      closing.abort();
      const deadline = setTimeout(() => givenUp.abort(), DRAIN_MS);
      schedule();
      while (running !== null) await running;
      clearTimeout(deadline);
    },
  };
}

function workOf(items: readonly Item[]): Work {
  const entries: Entry[] = [];
  const endings: Ending[] = [];
  for (const { part } of items) {
    if ('moment' in part) entries.push(part);
    else endings.push(part);
  }
  return { entries, endings };
}

function settle({ part, resolve, reject }: Item, gone: Set<string>): void {
  const { sessionId } = 'moment' in part ? part.moment : part;
  if (gone.has(sessionId)) reject(new MienError('NOT_FOUND', `There is no session ${sessionId} any more.`));
  else resolve();
}

function unavailable(message: string, cause?: unknown): MienError {
  return new MienError('STORE_UNAVAILABLE', message, { cause });
}
