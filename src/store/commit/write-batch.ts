/**
 * Writes a batch and settles each of its items: repeated while the database is away, halved where it refuses, or needs
 * longer than a server allows. After a moment that it refuses for good, or that was given up, no other of that session is
 * written: the sequence numbers of what is stored have no hole.
 */
import type { Log } from '../../domain/log.ts';
import type { FollowCommit, Span } from '../../domain/trace.ts';
import { isTimeout } from '../sql/database-errors.ts';
import { type AppendedMoment, type SessionEnd, sessionIdOf, toBatch } from './batch.ts';
import type { Commit, PrepareBatch, Refused } from './prepare-batch.ts';
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
  prepare: PrepareBatch;
  metrics: StoreMetrics | undefined;
  /** Undefined: nobody wants to know where time goes. */
  follow?: FollowCommit | undefined;
  log: Pick<Log, 'info' | 'warn'> | undefined;
  /** How many items wait, for the log. */
  bufferDepth(): number;
  /** Aborts when the database need not be waited for any longer. */
  givenUp: AbortSignal;
}

export class BatchWriter {
  readonly #deps: BatchWriterDeps;
  /** Sessions of which a moment was refused, until their end comes. */
  readonly #refused = new Set<string>();

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
  async write(batch: PreparedBatch): Promise<void> {
    const { metrics, givenUp } = this.#deps;
    const { items, commit } = this.#withoutRefused(batch);
    if (items.length === 0) return;
    const span = this.#follow(items);
    try {
      const refused = await this.#retry(commit, items.length);
      span?.end();
      for (const pending of items) settle(pending, refused);
      metrics?.commitSeconds?.((performance.now() - items[0]!.arrivedAt) / 1000);
      metrics?.commitSize?.(items.length);
    } catch (error) {
      span?.end({ failure: 'refused' });
      if (givenUp.aborted) {
        for (const pending of items) this.#refuse(pending, error);
        return;
      }
      if (items.length === 1) return this.#refuse(items[0]!, error);
      const half = items.length >> 1;
      await this.write(this.prepare(items.slice(0, half)));
      await this.write(this.prepare(items.slice(half)));
    }
  }

  #follow(items: readonly PendingItem[]): Pick<Span, 'end'> | null {
    const { follow } = this.#deps;
    if (!follow) return null;
    const followed = items.flatMap(({ item }) => ('moment' in item && item.moment.trace) || []);
    return follow(followed, items.length);
  }

  /** A session whose end comes has no moments any more that could leave a hole. */
  #withoutRefused(batch: PreparedBatch): PreparedBatch {
    if (this.#refused.size === 0) return batch;
    const kept = batch.items.filter(({ item, reject }) => {
      const follows = 'moment' in item && this.#refused.has(item.moment.sessionId);
      if (follows) reject(new Error('A moment of this session before it was refused.'));
      if (!('moment' in item)) this.#refused.delete(item.sessionId);
      return !follows;
    });
    return kept.length === batch.items.length ? batch : this.prepare(kept);
  }

  #refuse({ item, reject }: PendingItem, error: unknown): void {
    if ('moment' in item) this.#refused.add(item.moment.sessionId);
    reject(error);
  }

  #retry(commit: Commit, size: number): Promise<Refused> {
    const { log, bufferDepth, givenUp } = this.#deps;
    return retryTransient(commit, {
      signal: givenUp,
      giveBack: (error) => size > 1 && isTimeout(error),
      onAway: (error) => log?.warn({ err: error }, 'the database is away; moments wait'),
      onBack: () => log?.info({ waiting: bufferDepth() }, 'the database is back'),
    });
  }
}

function settle({ item, resolve, reject }: PendingItem, refused: Refused): void {
  const error = refused.get(sessionIdOf(item));
  if (error) reject(error);
  else resolve();
}
