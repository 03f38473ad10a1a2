/**
 * Buckets of the timeline as they close: when a moment behind a bucket's end is committed, nothing of the bucket changes any more
 * (unless it is erased), and it is read from the store. So what is told is what is asked for later, and a slow reader misses nothing.
 */
import type { LiveEventOf, Scope, SentAggregate } from '../domain/live-event.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { lastMomentBefore } from './find-moment.ts';
import { Offsets } from './offsets.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import { checkScope, committedUntilNow, type Shown } from './resume-plan.ts';

export interface AggregatesRequest extends Scope, Shown {
  /** Length of a bucket in whole seconds. */
  bucket: number;
}

type QueuedEvent = LiveEventOf<'moment' | 'status' | 'removed' | 'committed'>;

/** Events that may wait; of those that are dropped, the ends of sessions are kept. */
const QUEUE_CAPACITY = 64;

export class AggregateUpdates {
  readonly #deps: SubscriptionDeps;
  readonly #request: AggregatesRequest;
  #queue: EventQueue<QueuedEvent> | null = null;
  #offsets = new Offsets(0);
  /** Where the first bucket begins that was not told, by session, in seconds of media time; infinity: it is over. */
  readonly #next = new Map<string, number>();
  readonly #ended: SessionRecord[] = [];
  #isOver = false;

  constructor(deps: SubscriptionDeps, request: AggregatesRequest) {
    this.#deps = deps;
    this.#request = request;
  }

  /** @throws MienError NOT_FOUND, BAD_INPUT */
  async open(): Promise<void> {
    const { streamId, sessionId, bucket } = this.#request;
    if ((streamId === undefined) === (sessionId === undefined)) {
      throw new MienError('BAD_INPUT', 'Give either `streamId` or `sessionId`.');
    }
    if (!Number.isInteger(bucket) || bucket < 1) {
      throw new MienError('BAD_INPUT', '`bucket` must be a whole number of seconds, 1 or more.');
    }
    const { sessions } = this.#deps;
    const session = await checkScope(this.#deps, this.#request);
    const running = session === null ? await sessions.live(streamId) : [session].filter(isLive);
    this.#isOver = session !== null && !isLive(session);
    this.#queue = this.#listen();
    this.#offsets = await committedUntilNow(this.#deps, this.#request);
    for (const { id } of running) await this.#follow(id);
  }

  readonly close = (): void => this.#queue?.close();

  async *updates(): AsyncGenerator<SentAggregate, undefined> {
    try {
      for (yield* this.#tellEnded(); !this.#isOver; ) {
        const taken = (await this.#queue?.take()) ?? null;
        if (taken === null) return;
        yield* this.#tellEnded();
        const { event } = taken;
        if (event.kind === 'removed') return;
        if (event.kind === 'committed') continue;
        if (event.kind === 'moment') {
          const { sessionId, mediaTime } = event.moment;
          yield* this.#upTo(event.streamId, sessionId, this.#beginOf(mediaTime));
        } else yield* this.#heard(event.session);
      }
    } finally {
      this.close();
    }
  }

  #listen(): EventQueue<QueuedEvent> {
    return this.#deps.feed.subscribe(['moment', 'status', 'removed', 'committed'], this.#request, {
      capacity: QUEUE_CAPACITY,
      // What waited behind a dropped end may have been erased: then this is all that comes.
      accepts: (event) => event.kind !== 'committed' || this.#ended.length > 0,
      onDrop: (event) => {
        if (event.kind === 'status' && !isLive(event.session)) this.#ended.push(event.session);
      },
    });
  }

  /** A session that was running before we listened: it may have ended since, and nobody may tell of it any more. */
  async #follow(id: string): Promise<void> {
    const { sessions, history } = this.#deps;
    const session = await sessions.get(id);
    if (session === null) return;
    this.#offsets.add(id, (await history.extent(id)).newest, session.startedAt).over = false;
    if (!isLive(session)) this.#ended.push(session);
  }

  async *#tellEnded(): AsyncGenerator<SentAggregate> {
    for (const session of this.#ended.splice(0)) yield* this.#heard(session);
  }

  async *#heard(session: SessionRecord): AsyncGenerator<SentAggregate> {
    const isOver = !isLive(session);
    if (isOver) yield* this.#upTo(session.streamId, session.id, Number.POSITIVE_INFINITY);
    this.#offsets.note(session, isOver);
    for (const id of this.#next.keys()) if (this.#offsets.get(id) === undefined) this.#next.delete(id);
    this.#isOver ||= isOver && this.#request.sessionId !== undefined;
  }

  async *#upTo(streamId: string, sessionId: string, to: number): AsyncGenerator<SentAggregate> {
    const from = this.#next.get(sessionId) ?? (await this.#openBucket(sessionId));
    if (to <= from) return;
    this.#next.set(sessionId, to);
    const pages = this.#deps.buckets(sessionId, this.#request.bucket, { from, to });
    for await (const page of pages) for (const bucket of page) yield { streamId, sessionId, bucket };
  }

  /** Where the bucket begins in which the newest moment lay when we began; infinity: the session was over then. */
  async #openBucket(sessionId: string): Promise<number> {
    const { history, sessions } = this.#deps;
    const offset = await this.#offsets.find(sessionId, sessions);
    if (offset === null || offset.over) return Number.POSITIVE_INFINITY;
    const newest = await lastMomentBefore(history, sessionId, offset.seen + 1);
    const begin = this.#beginOf(newest?.mediaTime ?? 0);
    // Looked for once: until that bucket closes, each moment asks.
    this.#next.set(sessionId, begin);
    return begin;
  }

  #beginOf(mediaTime: number): number {
    const { bucket } = this.#request;
    return Math.floor(mediaTime / bucket) * bucket;
  }
}
