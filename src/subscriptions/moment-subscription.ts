/**
 * One subscriber's moments of a session or a stream, resumed from a cursor without a gap and without a duplicate, in four phases:
 *
 * 1. The queue is opened, before the store is read. Moments are published after their commit, so every moment is
 *    in the store's pages or in the queue, or in both; those in both are known by their `seq`.
 * 2. The plan says which sessions to read from the store, and from which moment on.
 * 3. The store is read. When the queue overflows meanwhile, the store is read again: nothing is lost, and the queue
 *    stays small.
 * 4. Live: what the queue brings. A full queue now drops the oldest moments, and the next one sent tells how many
 *    (`skippedBefore`), with what the bus lost before them. A gap that is no such drop (the bus lost something) is filled from the
 *    store, and so is what the queue dropped meanwhile. What the bus brings twice is sent once.
 */
import { withMatchingFaces } from '../domain/face-filter.ts';
import { addDrops } from '../domain/frame.ts';
import type { LiveEventOf, SentMoment } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { momentCursor } from './cursor.ts';
import { type DroppedRanges, isCopy, Losses } from './losses.ts';
import { type Offset, Offsets } from './offsets.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import { readPages } from './read-pages.ts';
import { type Backlog, type MomentsRequest, planResume, type ResumePlan } from './resume-plan.ts';

type StateEvent = LiveEventOf<'status' | 'removed'>;
type QueuedEvent = StateEvent | LiveEventOf<'moment' | 'committed'>;

/** Events that may wait for a slow subscriber. */
const QUEUE_CAPACITY = 256;

export class MomentSubscription {
  readonly #deps: SubscriptionDeps;
  readonly #request: MomentsRequest;
  readonly #queue: EventQueue<QueuedEvent>;
  readonly #signal: AbortSignal | undefined;
  /** States that the queue dropped before there was a plan: with some of them a session began. */
  readonly #toldBeforePlan: SessionRecord[] = [];
  /** Ends that the queue dropped: they are not told again, and once all behind them was erased, no more than `committed` comes. */
  readonly #droppedEnds: StateEvent[] = [];
  readonly #losses = new Losses();
  #plan: ResumePlan = { offsets: new Offsets(0), backlog: [], over: false };
  #isPlanned = false;
  #isLive = false;
  #closed = false;

  constructor(deps: SubscriptionDeps, request: MomentsRequest, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#request = request;
    this.#queue = deps.feed.subscribe(['moment', 'status', 'removed', 'committed'], request, {
      capacity: deps.capacity ?? QUEUE_CAPACITY,
      onDrop: (event) => this.#onDrop(event),
      accepts: (event) => event.kind !== 'committed' || this.#droppedEnds.length > 0,
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.close);
    if (signal?.aborted) this.close();
  }

  get #offsets(): Offsets {
    return this.#plan.offsets;
  }

  /** Makes the plan. @throws MienError as `planResume` does */
  async open(): Promise<void> {
    this.#plan = await planResume(this.#deps, this.#request);
    this.#isPlanned = true;
    for (const session of this.#toldBeforePlan) this.#offsets.note(session, false);
  }

  readonly close = (): void => {
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.close);
    this.#queue.close();
  };

  /** Until it is live, what the queue drops is read from the store. */
  readonly lost = (): number => {
    return this.#isLive ? this.#losses.withDropped(this.#offsets) : this.#losses.lost;
  };

  async *moments(): AsyncGenerator<SentMoment, undefined> {
    try {
      yield* this.#readBacklog(this.#plan.backlog);
      this.#isLive = true;
      while (!this.#plan.over) {
        const taking = this.#queue.take();
        // What was dropped until now comes before the event that `take` has just chosen; later drops come after it.
        const dropped = this.#losses.takeDropped();
        const taken = await taking;
        if (taken === null) return;
        const { event } = taken;
        if (yield* this.#endsWithDropped(dropped)) return;
        // Of a session that is over, the store tells the rest: a moment after it, to count them in, will not come.
        if (event.kind === 'status' && !isLive(event.session)) dropped.delete(event.session.id);
        if (event.kind === 'moment') yield* this.#passOn(event.moment, dropped);
        else if (event.kind === 'committed') this.#losses.putBack(dropped);
        else {
          await this.#countSkipped(dropped);
          if (yield* this.#endsWith(event)) return;
        }
      }
    } finally {
      this.close();
    }
  }

  /** Reads the store until it is read to its end without the queue overflowing meanwhile. */
  async *#readBacklog(backlog: Backlog[]): AsyncGenerator<SentMoment> {
    while (backlog.length > 0 && !this.#closed) {
      // The cursor of a stream names one session: those before it must have been sent.
      for (const { offset } of backlog) yield* this.#readSession(offset);
      // Not before: a cursor leaves out what is over, and must not while moments of it are still to be sent.
      for (const { offset, over } of backlog) offset.over ||= over;
      backlog = await this.#takeDroppedSessions();
    }
  }

  /** What the queue dropped while a hole was read from the store is read, too: whoever subscribed was not slow. */
  async *#catchUp(): AsyncGenerator<SentMoment> {
    this.#isLive = false;
    yield* this.#readBacklog(await this.#takeDroppedSessions());
    this.#isLive = true;
  }

  /** Those of which the queue dropped moments until now, also where the bus lost their beginning. */
  async #takeDroppedSessions(): Promise<Backlog[]> {
    const ids = [...this.#losses.takeDropped().keys()];
    const offsets = await this.#offsets.findAll(ids, this.#deps.sessions);
    return offsets.map((offset) => ({ offset, over: false }));
  }

  /** Sends what the store holds after the offset, up to `last`. */
  async *#readSession(offset: Offset, last?: number): AsyncGenerator<SentMoment> {
    for await (const page of readPages(this.#deps.history, offset.sessionId, offset.seen, last)) {
      yield* this.#sendAll(offset, page);
    }
  }

  async *#sendLive(moment: Moment, offset: Offset): AsyncGenerator<SentMoment> {
    const isHole = moment.seq > offset.seen + 1;
    if (isHole) yield* this.#readSession(offset, moment.seq - 1);
    if (moment.seq > offset.seen) yield* this.#send(offset, moment);
    if (isHole) yield* this.#catchUp();
  }

  async *#passOn(moment: Moment, dropped: DroppedRanges): AsyncGenerator<SentMoment> {
    const offset = await this.#offsetOf(moment.sessionId);
    if (offset === null || isCopy(moment, offset, dropped)) return this.#losses.putBack(dropped);
    await this.#countSkipped(dropped);
    yield* this.#sendLive(moment, offset);
  }

  #offsetOf(sessionId: string): Promise<Offset | null> {
    return this.#offsets.find(sessionId, this.#deps.sessions);
  }

  *#sendAll(offset: Offset, moments: readonly Moment[]): Generator<SentMoment> {
    for (const moment of moments) {
      if (this.#closed) return;
      yield* this.#send(offset, moment);
    }
  }

  /** Sends the next moment of a session, or leaves it out for `filter` or `every`. */
  *#send(offset: Offset, moment: Moment): Generator<SentMoment> {
    const { filter, every } = this.#request;
    this.#losses.count(moment.seq - offset.seen - 1);
    offset.seen = moment.seq;
    const wanted = withMatchingFaces(moment, filter);
    if (wanted === null || this.#offsets.isTooSoon(offset, moment, every)) {
      offset.dropped = addDrops(offset.dropped, moment.dropped);
      return;
    }
    const sent = this.#offsets.send(offset, wanted);
    const cursor = momentCursor(offset.sessionId, offset.sent);
    yield { moment: sent, cursor, skippedBefore: this.#losses.tell() };
  }

  /** Whether nothing can follow. The last moments of an ended session are in the store, whatever the bus did. */
  async *#endsWith(event: StateEvent): AsyncGenerator<SentMoment, boolean> {
    if (event.kind === 'removed') return true;
    const over = !isLive(event.session);
    const offset = this.#offsets.get(event.session.id);
    if (over && offset && !offset.over) {
      yield* this.#readSession(offset);
      yield* this.#catchUp();
    }
    this.#offsets.note(event.session, over);
    return over && this.#request.sessionId !== undefined;
  }

  /** From another server, moments may come behind an end that the database told first. */
  async *#endsWithDropped(dropped: DroppedRanges): AsyncGenerator<SentMoment, boolean> {
    for (const event of this.#droppedEnds.splice(0)) {
      if (event.kind === 'status') dropped.delete(event.session.id);
      if (yield* this.#endsWith(event)) return true;
    }
    return false;
  }

  #onDrop(event: QueuedEvent): void {
    if (event.kind === 'moment') this.#losses.drop(event.moment);
    else if (event.kind === 'committed') return;
    else if (event.kind === 'removed' || !isLive(event.session)) this.#droppedEnds.push(event);
    else if (this.#isPlanned) this.#offsets.note(event.session, false);
    else this.#toldBeforePlan.push(event.session);
  }

  /** Counts what the queue dropped and was not sent from the store before, with what the bus lost before it. */
  async #countSkipped(ranges: DroppedRanges): Promise<void> {
    for (const [sessionId, { last, dropped }] of ranges) {
      const offset = await this.#offsetOf(sessionId);
      if (offset === null || last <= offset.seen) continue;
      this.#losses.count(last - offset.seen);
      offset.seen = last;
      offset.dropped = addDrops(offset.dropped, dropped);
    }
  }
}
