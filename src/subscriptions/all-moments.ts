/**
 * One subscriber's moments of all streams, in the order of their commits:
 *
 * 1. The queue is opened, before the store is read. What is published was committed before.
 * 2. What is committed behind the cursor is read from the store, again when the queue overflows meanwhile.
 * 3. Live: what the queue brings. What stands before the place reached is a copy. Where the bus left something out, which it may
 *    say itself (`committed`), the store is read again; what the full queue drops is told as `skippedBefore`.
 */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { LiveEventOf, SentMoment } from '../domain/live-event.ts';
import { beginningOf, writerOf } from '../domain/log-position.ts';
import type { Moment } from '../domain/moment.ts';
import { isLive } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { decodeCursor, encodeCursor, type WriterPositions } from './cursor.ts';
import { LogPlace } from './log-place.ts';
import { MomentThinner } from './moment-thinner.ts';
import type { EventQueue, LoggedMoment, SubscriptionDeps } from './ports.ts';
import type { MomentsRequest } from './resume-plan.ts';

type QueuedEvent = LiveEventOf<'moment' | 'status' | 'committed'>;

/** Events that may wait for a slow subscriber. */
const QUEUE_CAPACITY = 256;

export class AllMoments {
  readonly #deps: SubscriptionDeps;
  readonly #request: MomentsRequest;
  readonly #queue: EventQueue<QueuedEvent>;
  readonly #signal: AbortSignal | undefined;
  readonly #sessions: MomentThinner;
  /** The newest position that the bus brought, by writer, hidden or not. */
  readonly #heard = new Map<number, number>();
  /** Whether the bus left something out. */
  #hasHole = false;
  /** Dropped frames of moments that the queue dropped, by session. */
  #queueDropped = new Map<string, DropCounts>();
  #place = LogPlace.atEnd([]);
  /** Moments that the queue dropped and the store gave. */
  #found = 0;
  /** Moments lost before the place reached, and how many of them were told of. */
  #lost = 0;
  #told = 0;
  #isLive = false;
  #closed = false;

  constructor(deps: SubscriptionDeps, request: MomentsRequest, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#request = request;
    this.#sessions = new MomentThinner(deps.history, request, deps.remembered);
    this.#queue = deps.feed.subscribe(
      ['moment', 'status', 'committed'],
      {},
      {
        capacity: deps.capacity ?? QUEUE_CAPACITY,
        counted: 'moment',
        onDrop: (event) => this.#onDrop(event),
        accepts: (event) => this.#hear(event),
      },
    );
    this.#signal = signal;
    signal?.addEventListener('abort', this.close);
    if (signal?.aborted) this.close();
  }

  /** @throws MienError CURSOR_INVALID, CURSOR_EXPIRED */
  async open(): Promise<void> {
    const { log } = this.#deps;
    const { after } = this.#request;
    const cursor = after === undefined ? null : writersOf(after);
    const writers = await log.writers();
    this.#place =
      cursor === null ? LogPlace.atEnd(writers) : LogPlace.behind(cursor, writers, await log.expired());
    this.#isLive = after === undefined;
    for (const { id, newest } of writers) this.#heard.set(id, Math.max(newest, this.#heard.get(id) ?? 0));
  }

  readonly close = (): void => {
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.close);
    this.#queue.close();
  };

  /** Until it is live, what the queue drops is read from the store. */
  readonly lost = (): number => (this.#isLive ? this.#queue.lost - this.#found : this.#lost);

  async *moments(): AsyncGenerator<SentMoment, undefined> {
    try {
      if (!this.#isLive) yield* this.#readRest();
      for (;;) {
        const taking = this.#queue.take();
        // What was dropped until now comes before the event that `take` has just chosen; later drops come after it.
        const [lost, dropped] = [this.lost(), this.#takeQueueDropped()];
        const taken = await taking;
        if (taken === null) return;
        const { event } = taken;
        if (this.#hasHole) yield* this.#readRest();
        else if (event.kind !== 'moment' || this.#place.includes(event.position)) this.#putBack(dropped);
        else {
          this.#lost = lost;
          for (const [sessionId, counts] of dropped) this.#sessions.addDropped(sessionId, counts);
          this.#place.advance(event.position);
          yield* this.#send(event.moment);
        }
        if (event.kind === 'status' && !isLive(event.session)) this.#sessions.forget(event.session.id);
      }
    } finally {
      this.close();
    }
  }

  /** Reads the store until it is read to its end without the queue overflowing meanwhile. */
  async *#readRest(): AsyncGenerator<SentMoment> {
    this.#isLive = false;
    do {
      this.#hasHole = false;
      this.#takeQueueDropped();
      const { log } = this.#deps;
      const read = (from: number, last: LoggedMoment | undefined, limit: number) =>
        log.behind(last?.position ?? from, limit);
      for await (const page of this.#place.rest(log, read)) yield* this.#sendPage(page);
    } while (!this.#closed && (this.#queueDropped.size > 0 || this.#hasHole));
    this.#found = this.#queue.lost - this.#lost;
    this.#isLive = true;
  }

  async *#sendPage(page: readonly LoggedMoment[]): AsyncGenerator<SentMoment> {
    for (const { moment, position } of page) {
      if (this.#closed) return;
      this.#place.advance(position);
      if (moment !== null) yield* this.#send(moment);
    }
  }

  /** Sends a moment, or leaves it out for `filter` or `every`. */
  async *#send(moment: Moment): AsyncGenerator<SentMoment> {
    const sent = await this.#sessions.pass(moment);
    if (sent === null) return;
    const skippedBefore = this.#lost - this.#told;
    this.#told = this.#lost;
    const cursor = encodeCursor({ kind: 'all', ...this.#place.told() });
    yield { moment: sent, cursor, skippedBefore };
  }

  /** Notices what the bus left out. */
  #hear(event: QueuedEvent): boolean {
    if (event.kind === 'moment') this.#hearOf(event.position, event.position - 1);
    if (event.kind === 'committed' && event.positions === null) this.#hasHole = true;
    if (event.kind === 'committed')
      for (const position of event.positions ?? []) this.#hearOf(position, position);
    return true;
  }

  /** @param until what was committed up to there cannot all have been heard of, unless it was before */
  #hearOf(position: number, until: number): void {
    const writer = writerOf(position);
    // Of whoever wrote before a new one, the ends of sessions may have come last: only the store tells of them.
    const isFollower = this.#heard.size > 0 && !this.#heard.has(writer);
    const before = this.#heard.get(writer) ?? beginningOf(writer);
    if (isFollower || until > before) this.#hasHole = true;
    this.#heard.set(writer, Math.max(before, position));
  }

  #onDrop(event: QueuedEvent): void {
    if (event.kind !== 'moment') return;
    const { sessionId, dropped } = event.moment;
    this.#queueDropped.set(sessionId, addDrops(this.#queueDropped.get(sessionId) ?? {}, dropped));
  }

  #takeQueueDropped(): Map<string, DropCounts> {
    const dropped = this.#queueDropped;
    this.#queueDropped = new Map();
    return dropped;
  }

  /** They come before what is taken next. */
  #putBack(earlier: Map<string, DropCounts>): void {
    for (const [sessionId, counts] of this.#queueDropped) {
      earlier.set(sessionId, addDrops(earlier.get(sessionId) ?? {}, counts));
    }
    this.#queueDropped = earlier;
  }
}

/** @throws MienError CURSOR_INVALID */
function writersOf(after: string): WriterPositions {
  const cursor = decodeCursor(after);
  if (cursor.kind === 'all') return cursor;
  throw new MienError(
    'CURSOR_INVALID',
    'This cursor is none of moments of all streams. Name its stream or session, or leave `after` out.',
  );
}
