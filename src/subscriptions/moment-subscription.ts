/**
 * A timeline that can be resumed: what the store holds after the cursor, then what the bus brings, with no gap
 * and no duplicate.
 *
 * The queue is opened before the store is read, and moments are published after they are committed, so every
 * moment is in the store's pages or in the queue, or in both; those in both are known by their `seq`. When the
 * queue overflows while the store is read, the store is read again: nothing is lost, and the queue stays small.
 * Once live, a full queue drops the oldest moments, and the next one sent tells how many (`skippedBefore`). A
 * hole that is not such a drop (the bus lost something) is filled from the store.
 */
import { addDrops } from '../domain/frame.ts';
import type { LiveEventOf, SentMoment } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import type { SessionRecord } from '../domain/stream.ts';
import type { Queue } from '../sessions/ports.ts';
import { addLoss, type Lost } from './losses.ts';
import { mergeByTime } from './merge-by-time.ts';
import { type Position, Positions } from './offsets.ts';
import type { MomentsRequest, ResumeDeps } from './open-moments.ts';
import { readPages } from './read-pages.ts';
import { type Backlog, isLive, type Plan, planMoments } from './resume-plan.ts';

type Followed = LiveEventOf<'moment' | 'status' | 'removed'>;

const CAPACITY = 256;

/** One subscriber's way through the store and along the bus. */
export class Follower {
  readonly #deps: ResumeDeps;
  readonly #request: MomentsRequest;
  readonly #everything: boolean;
  readonly #queue: Queue<Followed>;
  readonly #signal: AbortSignal | undefined;
  /** Sessions whose beginning was dropped from the queue before there was a plan. */
  #early: SessionRecord[] = [];
  #lost = new Map<string, Lost>();
  #plan: Plan = { positions: new Positions(0), backlog: [], over: false };
  #planned = false;
  #skipped = 0;
  #closed = false;

  constructor(deps: ResumeDeps, request: MomentsRequest, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#request = request;
    this.#everything = request.streamId === undefined && request.sessionId === undefined;
    this.#queue = deps.feed.subscribe(['moment', 'status', 'removed'], request, {
      capacity: deps.capacity ?? CAPACITY,
      onDrop: (event) => this.#noteDrop(event),
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.close, { once: true });
    if (signal?.aborted) this.close();
  }

  get #positions(): Positions {
    return this.#plan.positions;
  }

  async open(): Promise<void> {
    this.#plan = await planMoments(this.#deps, this.#request, this.#request.after);
    this.#planned = true;
    for (const session of this.#early) this.#positions.note(session, false);
    if (this.#request.every === undefined) return;
    for (const { position } of this.#plan.backlog) await this.#recallLast(position);
  }

  readonly close = (): void => {
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.close);
    this.#queue.close();
  };

  async *follow(): AsyncGenerator<SentMoment, undefined> {
    try {
      yield* this.#catchUp();
      if (this.#plan.over) return;
      for (;;) {
        const taking = this.#queue.take();
        // What was dropped until now comes before the event that `take` has just chosen; later drops come after it.
        const lost = this.#lost;
        this.#lost = new Map();
        const taken = await taking;
        if (taken === null) return;
        // Of a session that is over, the store tells the rest: a moment after it, to count them in, will not come.
        if (taken.event.kind === 'status' && !isLive(taken.event.session))
          lost.delete(taken.event.session.id);
        this.#skip(lost);
        if (taken.event.kind === 'moment') yield* this.#live(taken.event.moment);
        else if (yield* this.#ends(taken.event)) return;
      }
    } finally {
      this.close();
    }
  }

  /** Reads the store until it is read to its end without the queue overflowing meanwhile. */
  async *#catchUp(): AsyncGenerator<SentMoment> {
    let { backlog } = this.#plan;
    while (backlog.length > 0 && !this.#closed) {
      this.#lost.clear();
      yield* this.#scanAll(backlog);
      // Not before: a cursor leaves out what is over, and must not while moments of it are still to be sent.
      for (const { position, over } of backlog) position.over ||= over;
      backlog = [...this.#lost.keys()].flatMap((sessionId) => {
        const position = this.#positions.get(sessionId);
        return position ? [{ position, over: false }] : [];
      });
    }
  }

  async *#scanAll(backlog: Backlog[]): AsyncGenerator<SentMoment> {
    if (!this.#everything) {
      // The cursor of a stream names one session: those before it must have been sent.
      for (const { position } of backlog) yield* this.#scan(position);
      return;
    }
    const sources = backlog.map(({ position }) => ({
      key: position,
      startedAt: position.startedAt ?? 0,
      pages: () => readPages(this.#deps.history, position.sessionId, position.seen),
    }));
    for await (const { key, run } of mergeByTime(sources)) yield* this.#dealAll(key, run);
  }

  /** Sends what the store holds after the position, up to `last`. */
  async *#scan(position: Position, last?: number): AsyncGenerator<SentMoment> {
    for await (const page of readPages(this.#deps.history, position.sessionId, position.seen, last)) {
      yield* this.#dealAll(position, page);
    }
  }

  *#dealAll(position: Position, moments: readonly Moment[]): Generator<SentMoment> {
    for (const moment of moments) {
      if (this.#closed) return;
      yield* this.#deal(position, moment);
    }
  }

  async *#live(moment: Moment): AsyncGenerator<SentMoment> {
    const position =
      this.#positions.get(moment.sessionId) ?? this.#positions.add(moment.sessionId, moment.seq - 1, null);
    if (moment.seq > position.seen + 1) yield* this.#scan(position, moment.seq - 1);
    if (moment.seq > position.seen) yield* this.#deal(position, moment);
  }

  /** Deals with the next moment of a session: sends it, or leaves it out for `every`. */
  *#deal(position: Position, moment: Moment): Generator<SentMoment> {
    this.#skipped += moment.seq - position.seen - 1;
    position.seen = moment.seq;
    const { every } = this.#request;
    if (
      every !== undefined &&
      position.sentAt !== null &&
      moment.mediaTime < position.sentAt + every / 1000 - 1e-6
    ) {
      position.dropped = addDrops(position.dropped, moment.dropped);
      return;
    }
    const sent = this.#positions.send(position, moment);
    const skippedBefore = this.#skipped;
    this.#skipped = 0;
    yield { moment: sent, cursor: this.#positions.cursor(this.#everything, position), skippedBefore };
  }

  /** Whether nothing can follow. The last moments of an ended session are in the store, whatever the bus did. */
  async *#ends(event: Exclude<Followed, { kind: 'moment' }>): AsyncGenerator<SentMoment, boolean> {
    if (event.kind === 'removed') return this.#request.streamId !== undefined;
    const over = !isLive(event.session);
    const position = this.#positions.get(event.session.id);
    if (over && position && !position.over) yield* this.#scan(position);
    this.#positions.note(event.session, over);
    return over && this.#request.sessionId !== undefined;
  }

  #noteDrop(event: Followed): void {
    if (event.kind === 'status') {
      if (this.#planned) this.#positions.note(event.session, false);
      else if (event.session.state === 'STARTING') this.#early.push(event.session);
    }
    if (event.kind !== 'moment') return;
    addLoss(this.#lost, event.moment);
  }

  /** Counts what the queue dropped and was not sent from the store before. */
  #skip(lost: Map<string, Lost>): void {
    for (const [sessionId, { first, last, dropped }] of lost) {
      const position = this.#positions.get(sessionId) ?? this.#positions.add(sessionId, first - 1, null);
      if (last <= position.seen) continue;
      this.#skipped += last - Math.max(position.seen, first - 1);
      position.seen = last;
      position.dropped = addDrops(position.dropped, dropped);
    }
  }

  /** When the moment at the cursor was: `every` counts from there. */
  async #recallLast(position: Position): Promise<void> {
    if (position.seen < 0) return;
    const [last] = await this.#deps.history.page(position.sessionId, position.seen - 1, 1);
    if (last?.seq === position.seen) position.sentAt = last.mediaTime;
  }
}
