/** Writes a batch and settles each of its items: repeated while the database is away, halved where it refuses. */
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { type AppendedMoment, type SessionEnd, sessionIdOf, toBatch } from './batch.ts';
import type { Commit, PrepareCommit } from './prepare-commit.ts';
import { retryTransient } from './retry-transient.ts';

/** An item whose caller waits for its commit. */
export interface PendingItem {
  item: AppendedMoment | SessionEnd;
  /** As `performance.now()` told it. */
  arrivedAt: number;
  resolve(): void;
  reject(error: unknown): void;
}

export interface PreparedBatch {
  items: readonly PendingItem[];
  commit: Commit;
}

export interface StoreMetrics {
  /** From the arrival of the oldest item of a commit until it was durable. */
  commitSeconds?(seconds: number): void;
  /** Moments, and ends of sessions, in a commit. */
  commitSize?(items: number): void;
  /** Moments, and ends of sessions, that are accepted and not yet durable. */
  bufferDepth?(items: number): void;
}

export interface BatchWriterDeps {
  prepare: PrepareCommit;
  metrics: StoreMetrics | undefined;
  log: Pick<Log, 'info' | 'warn'> | undefined;
  /** How many items wait, for the log. */
  bufferDepth(): number;
  /** Aborts when the database need not be waited for any longer. */
  givenUp: AbortSignal;
}

export class BatchWriter {
  readonly #deps: BatchWriterDeps;

  constructor(deps: BatchWriterDeps) {
    this.#deps = deps;
  }

  /** Computes what the batch writes; what goes wrong with that, `write` tells. */
  prepare(items: readonly PendingItem[]): PreparedBatch {
    try {
      return { items, commit: this.#deps.prepare(toBatch(items.map(({ item }) => item))) };
    } catch (error) {
      return { items, commit: () => Promise.reject(error) };
    }
  }

  /** Settles every item; never rejects. A batch that the database refuses is halved until the culprit stands alone. */
  async write({ items, commit }: PreparedBatch): Promise<void> {
    const { metrics, givenUp } = this.#deps;
    try {
      const gone = await this.#retry(commit);
      for (const pending of items) settle(pending, gone);
      metrics?.commitSeconds?.((performance.now() - items[0]!.arrivedAt) / 1000);
      metrics?.commitSize?.(items.length);
    } catch (error) {
      if (items.length === 1 || givenUp.aborted) {
        for (const pending of items) pending.reject(error);
        return;
      }
      const half = items.length >> 1;
      await this.write(this.prepare(items.slice(0, half)));
      await this.write(this.prepare(items.slice(half)));
    }
  }

  #retry(commit: Commit): Promise<Set<string>> {
    const { log, bufferDepth, givenUp } = this.#deps;
    return retryTransient(commit, {
      signal: givenUp,
      onAway: (error) => log?.warn({ err: error }, 'the database is away; moments wait'),
      onBack: () => log?.info({ waiting: bufferDepth() }, 'the database is back'),
    });
  }
}

function settle({ item, resolve, reject }: PendingItem, gone: ReadonlySet<string>): void {
  const sessionId = sessionIdOf(item);
  if (gone.has(sessionId)) reject(new MienError('NOT_FOUND', `There is no session ${sessionId} any more.`));
  else resolve();
}
