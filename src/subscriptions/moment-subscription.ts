/**
 * One subscriber's moments, resumed from a cursor without a gap and without a duplicate, in four phases:
 *
 * 1. The queue is opened, before the store is read. Moments are published after their commit, so every moment is
 *    in the store's pages or in the queue, or in both; those in both are known by their `seq`.
 * 2. The plan says which sessions to read from the store, and from which moment on.
 * 3. The store is read. When the queue overflows meanwhile, the store is read again: nothing is lost, and the queue
 *    stays small.
 * 4. Live: what the queue brings. A full queue now drops the oldest moments, and the next one sent tells how many
 *    (`skippedBefore`). A gap that is no such drop (the bus lost something) is filled from the store.
 */
import { addDrops } from '../domain/frame.ts';
import type { LiveEventOf, SentMoment } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { addDropped, type DroppedRange } from './dropped-ranges.ts';
import { mergeByTime } from './merge-by-time.ts';
import { type Offset, Offsets } from './offsets.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import { readPages } from './read-pages.ts';
import { type Backlog, type MomentsRequest, planResume, type ResumePlan } from './resume-plan.ts';

type QueuedEvent = LiveEventOf<'moment' | 'status' | 'removed'>;

/** Events that may wait for a slow subscriber. */
const QUEUE_CAPACITY = 256;

export class MomentSubscription {
  readonly #deps: SubscriptionDeps;
  readonly #request: MomentsRequest;
  readonly #isOfAll: boolean;
  readonly #queue: EventQueue<QueuedEvent>;
  readonly #signal: AbortSignal | undefined;
  /** Sessions whose beginning was dropped from the queue before there was a plan. */
  readonly #startedBeforePlan: SessionRecord[] = [];
  /** What the queue dropped since that was last looked at, by session. */
  #dropped = new Map<string, DroppedRange>();
  #plan: ResumePlan = { offsets: new Offsets(0), backlog: [], over: false };
  #isPlanned = false;
  /** Moments lost since the last one that was sent. */
  #skipped = 0;
  #closed = false;

  constructor(deps: SubscriptionDeps, request: MomentsRequest, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#request = request;
    this.#isOfAll = request.streamId === undefined && request.sessionId === undefined;
    this.#queue = deps.feed.subscribe(['moment', 'status', 'removed'], request, {
      capacity: deps.capacity ?? QUEUE_CAPACITY,
      onDrop: (event) => this.#onDrop(event),
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.close, { once: true });
    if (signal?.aborted) this.close();
  }

  get #offsets(): Offsets {
    return this.#plan.offsets;
  }

  /** Makes the plan. @throws MienError as `planResume` does */
  async open(): Promise<void> {
    this.#plan = await planResume(this.#deps, this.#request);
    this.#isPlanned = true;
    for (const session of this.#startedBeforePlan) this.#offsets.note(session, false);
  }

  readonly close = (): void => {
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.close);
    this.#queue.close();
  };

  async *moments(): AsyncGenerator<SentMoment, undefined> {
    try {
      yield* this.#readBacklog();
      if (this.#plan.over) return;
      for (;;) {
        const taking = this.#queue.take();
        // What was dropped until now comes before the event that `take` has just chosen; later drops come after it.
        const dropped = this.#dropped;
        this.#dropped = new Map();
        const taken = await taking;
        if (taken === null) return;
        const { event } = taken;
        // Of a session that is over, the store tells the rest: a moment after it, to count them in, will not come.
        if (event.kind === 'status' && !isLive(event.session)) dropped.delete(event.session.id);
        this.#countSkipped(dropped);
        if (event.kind === 'moment') yield* this.#sendLive(event.moment);
        else if (yield* this.#endsWith(event)) return;
      }
    } finally {
      this.close();
    }
  }

  /** Reads the store until it is read to its end without the queue overflowing meanwhile. */
  async *#readBacklog(): AsyncGenerator<SentMoment> {
    let { backlog } = this.#plan;
    while (backlog.length > 0 && !this.#closed) {
      this.#dropped.clear();
      yield* this.#readSessions(backlog);
      // Not before: a cursor leaves out what is over, and must not while moments of it are still to be sent.
      for (const { offset, over } of backlog) offset.over ||= over;
      backlog = [...this.#dropped.keys()].flatMap((sessionId) => {
        const offset = this.#offsets.get(sessionId);
        return offset ? [{ offset, over: false }] : [];
      });
    }
  }

  async *#readSessions(backlog: Backlog[]): AsyncGenerator<SentMoment> {
    if (!this.#isOfAll) {
      // The cursor of a stream names one session: those before it must have been sent.
      for (const { offset } of backlog) yield* this.#readSession(offset);
      return;
    }
    const sessions = backlog.map(({ offset }) => ({
      key: offset,
      startedAt: offset.startedAt ?? 0,
      pages: () => readPages(this.#deps.history, offset.sessionId, offset.seen),
    }));
    for await (const { key, run } of mergeByTime(sessions)) yield* this.#sendAll(key, run);
  }

  /** Sends what the store holds after the offset, up to `last`. */
  async *#readSession(offset: Offset, last?: number): AsyncGenerator<SentMoment> {
    for await (const page of readPages(this.#deps.history, offset.sessionId, offset.seen, last)) {
      yield* this.#sendAll(offset, page);
    }
  }

  async *#sendLive(moment: Moment): AsyncGenerator<SentMoment> {
    const { sessionId, seq } = moment;
    const offset = this.#offsets.get(sessionId) ?? this.#offsets.add(sessionId, seq - 1, null);
    if (seq > offset.seen + 1) yield* this.#readSession(offset, seq - 1);
    if (seq > offset.seen) yield* this.#send(offset, moment);
  }

  *#sendAll(offset: Offset, moments: readonly Moment[]): Generator<SentMoment> {
    for (const moment of moments) {
      if (this.#closed) return;
      yield* this.#send(offset, moment);
    }
  }

  /** Sends the next moment of a session, or leaves it out for `every`. */
  *#send(offset: Offset, moment: Moment): Generator<SentMoment> {
    this.#skipped += moment.seq - offset.seen - 1;
    offset.seen = moment.seq;
    if (this.#offsets.isTooSoon(offset, moment, this.#request.every)) {
      offset.dropped = addDrops(offset.dropped, moment.dropped);
      return;
    }
    const sent = this.#offsets.send(offset, moment);
    const skippedBefore = this.#skipped;
    this.#skipped = 0;
    yield { moment: sent, cursor: this.#offsets.cursor(this.#isOfAll, offset), skippedBefore };
  }

  /** Whether nothing can follow. The last moments of an ended session are in the store, whatever the bus did. */
  async *#endsWith(event: Exclude<QueuedEvent, { kind: 'moment' }>): AsyncGenerator<SentMoment, boolean> {
    if (event.kind === 'removed') return this.#request.streamId !== undefined;
    const over = !isLive(event.session);
    const offset = this.#offsets.get(event.session.id);
    if (over && offset && !offset.over) yield* this.#readSession(offset);
    this.#offsets.note(event.session, over);
    return over && this.#request.sessionId !== undefined;
  }

  #onDrop(event: QueuedEvent): void {
    if (event.kind === 'moment') addDropped(this.#dropped, event.moment);
    if (event.kind !== 'status') return;
    if (this.#isPlanned) this.#offsets.note(event.session, false);
    else if (event.session.state === 'STARTING') this.#startedBeforePlan.push(event.session);
  }

  /** Counts what the queue dropped and was not sent from the store before. */
  #countSkipped(ranges: Map<string, DroppedRange>): void {
    for (const [sessionId, { first, last, dropped }] of ranges) {
      const offset = this.#offsets.get(sessionId) ?? this.#offsets.add(sessionId, first - 1, null);
      if (last <= offset.seen) continue;
      this.#skipped += last - Math.max(offset.seen, first - 1);
      offset.seen = last;
      offset.dropped = addDrops(offset.dropped, dropped);
    }
  }
}
