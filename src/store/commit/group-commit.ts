/**
 * Group commit: moments are committed at once, until the database writes for more than a third of the time; from there on commits
 * begin a few milliseconds apart, the more the longer they take, up to an interval, each with what has arrived since, of all sessions.
 * While one commit is written the next gathers, so a backlog goes in larger commits. One at a time: the order of a session is kept.
 */
import type { Log } from '../../domain/log.ts';
import type { Moment } from '../../domain/moment.ts';
import type { FollowCommit } from '../../domain/trace.ts';
import { MienError } from '../../errors.ts';
import { type AppendedMoment, type SessionEnd, sessionIdOf } from './batch.ts';
import type { PrepareBatch } from './prepare-batch.ts';
import { BatchWriter, type PendingItem, type PreparedBatch, type StoreMetrics } from './write-batch.ts';

/** A backlog is written in commits of at most so many times `commitMax`, … */
const BACKLOG_FACTOR = 16;
/** … or of so many moments of each session, where there are many: what is summed up is written once for all moments of a commit. */
const MOMENTS_A_SESSION = 8;
/** The database may write for a third of the time: each commit takes up so many times as long as it took. */
const TAKEN_UP = 3;
/** So far commits may be ahead of that: some that come together, or one that took longer, make no moment wait. */
const AHEAD_MS = 100;
/** How long `close` waits for a database that is away. */
const DRAIN_MS = 5_000;

export interface GroupCommitConfig {
  /** From the beginning of one commit to that of the next, in milliseconds, at most: so long does a moment wait, unless a commit takes longer. */
  commitIntervalMs: number;
  /** So many moments start a commit at once. */
  commitMax: number;
  /** Most moments that wait, above all while the database is away. */
  bufferMax: number;
  metrics?: StoreMetrics | undefined;
  follow?: FollowCommit | undefined;
  log?: Pick<Log, 'info' | 'warn'> | undefined;
}

export class GroupCommit {
  readonly #config: GroupCommitConfig;
  readonly #writer: BatchWriter;
  readonly #queue: PendingItem[] = [];
  /** The first moment of a session for which there was no room, until it is offered again, or the session ends. */
  readonly #refused = new Map<string, number>();
  /** The next batch of a backlog, made ready while the one before is written. */
  #prepared: PreparedBatch | null = null;
  #inFlight: PreparedBatch | null = null;
  /** The write of `#inFlight`, and what follows it. */
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lastStart = Number.NEGATIVE_INFINITY;
  /** Until when the commits so far take up the time (the generic cell rate algorithm, ITU-T I.371). */
  #takenUpTo = Number.NEGATIVE_INFINITY;
  #closing = false;
  readonly #givenUp = new AbortController();

  constructor(prepare: PrepareBatch, config: GroupCommitConfig) {
    this.#config = config;
    const { metrics, follow, log } = config;
    const bufferDepth = () => this.#depth;
    const givenUp = this.#givenUp.signal;
    this.#writer = new BatchWriter({ prepare, metrics, follow, log, bufferDepth, givenUp });
  }

  /**
   * Resolves once durable. @throws MienError STORE_UNAVAILABLE: not stored, the buffer is full, or was for a moment before it,
   * which is to be offered again first; NOT_FOUND: its session was removed
   */
  add(item: AppendedMoment | SessionEnd): Promise<void> {
    const { bufferMax, metrics } = this.#config;
    if (this.#closing) return Promise.reject(new MienError('SHUTTING_DOWN', 'The store is closing.'));
    if (this.#depth >= bufferMax || this.#isBehindRefused(item)) {
      if ('moment' in item) this.#noteRefused(item.moment);
      const message = `The database is away, and ${bufferMax} moments wait for it already.`;
      return Promise.reject(new MienError('STORE_UNAVAILABLE', message));
    }
    this.#refused.delete(sessionIdOf(item));
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ item, arrivedAt: performance.now(), resolve, reject });
      metrics?.bufferDepth?.(this.#depth);
      this.#schedule();
    });
  }

  /** Writes what waits, for at most some seconds, then rejects the rest. */
  async close(): Promise<void> {
    this.#closing = true;
    const deadline = setTimeout(() => this.#givenUp.abort(), DRAIN_MS);
    this.#schedule();
    while (this.#writing !== null) await this.#writing;
    clearTimeout(deadline);
  }

  /** Whoever offers several at once has not heard of a refusal yet, when there may be room again. */
  #isBehindRefused(item: AppendedMoment | SessionEnd): boolean {
    return (
      'moment' in item && item.moment.seq > (this.#refused.get(item.moment.sessionId) ?? item.moment.seq)
    );
  }

  #noteRefused({ sessionId, seq }: Moment): void {
    this.#refused.set(sessionId, Math.min(seq, this.#refused.get(sessionId) ?? seq));
  }

  get #depth(): number {
    return this.#queue.length + (this.#prepared?.items.length ?? 0) + (this.#inFlight?.items.length ?? 0);
  }

  /** Starts the next commit, now or when its time comes. */
  #schedule(): void {
    const { commitIntervalMs, commitMax } = this.#config;
    if (this.#writing !== null || this.#depth === 0) return;
    if (this.#prepared !== null || this.#queue.length >= commitMax || this.#closing) {
      this.#start();
    } else {
      const next = Math.min(this.#lastStart + commitIntervalMs, this.#takenUpTo - AHEAD_MS);
      this.#timer ??= setTimeout(() => this.#start(), Math.max(0, next - performance.now()));
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== null) return;
    this.#lastStart = performance.now();
    const batch = this.#prepared ?? this.#takeBatch();
    this.#prepared = null;
    this.#inFlight = batch;
    this.#writing = this.#writer.write(batch).finally(() => {
      this.#takeUp(performance.now());
      this.#inFlight = null;
      this.#writing = null;
      this.#config.metrics?.bufferDepth?.(this.#depth);
      this.#schedule();
    });
    setImmediate(() => this.#prepareNext());
  }

  /** Of a commit that ends now. One that the database was away for does not hold up those that come when it is back. */
  #takeUp(now: number): void {
    const takenUp = Math.max(this.#takenUpTo, this.#lastStart) + TAKEN_UP * (now - this.#lastStart);
    this.#takenUpTo = Math.min(takenUp, now + AHEAD_MS + this.#config.commitIntervalMs);
  }

  #prepareNext(): void {
    if (this.#writing === null || this.#prepared !== null) return;
    if (this.#queue.length >= this.#config.commitMax) this.#prepared = this.#takeBatch();
  }

  #takeBatch(): PreparedBatch {
    const most = this.#config.commitMax * BACKLOG_FACTOR;
    const sessions =
      this.#queue.length > most ? new Set(this.#queue.map(({ item }) => sessionIdOf(item))).size : 0;
    return this.#writer.prepare(this.#queue.splice(0, Math.max(most, sessions * MOMENTS_A_SESSION)));
  }
}
