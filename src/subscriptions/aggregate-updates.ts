/**
 * Buckets of the timeline as they close: when a moment behind a bucket's end is committed, nothing of the bucket changes any more
 * (unless it is erased), and it is read from the store. So what is told is what is asked for later, and a slow reader misses nothing.
 */
import type { LiveEventOf, Scope, SentAggregate } from '../domain/live-event.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import { checkScope, type Shown } from './resume-plan.ts';

export interface AggregatesRequest extends Scope, Shown {
  /** Length of a bucket in whole seconds. */
  bucket: number;
}

type QueuedEvent = LiveEventOf<'moment' | 'status' | 'removed'>;

/** Events that may wait; of those that are dropped, the ends of sessions are kept. */
const QUEUE_CAPACITY = 64;

export class AggregateUpdates {
  readonly #deps: SubscriptionDeps;
  readonly #request: AggregatesRequest;
  readonly #queue: EventQueue<QueuedEvent>;
  /** Where the first bucket begins that was not told, by session, in seconds of media time. */
  readonly #next = new Map<string, number>();
  #ended: SessionRecord[] = [];
  #isOver = false;

  constructor(deps: SubscriptionDeps, request: AggregatesRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#queue = deps.feed.subscribe(['moment', 'status', 'removed'], request, {
      capacity: QUEUE_CAPACITY,
      onDrop: (event) => {
        if (event.kind === 'status' && !isLive(event.session)) this.#ended.push(event.session);
      },
    });
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
    const session = await checkScope(this.#deps, this.#request);
    this.#isOver = session !== null && !isLive(session);
    const live = session === null ? await this.#deps.sessions.live(streamId) : [session];
    for (const { id } of live) this.#next.set(id, await this.#openBucket(id));
  }

  readonly close = (): void => this.#queue.close();

  async *updates(): AsyncGenerator<SentAggregate, undefined> {
    try {
      while (!this.#isOver) {
        const taken = await this.#queue.take();
        if (taken === null) return;
        const { event } = taken;
        for (const session of this.#ended.splice(0)) yield* this.#rest(session);
        if (event.kind === 'moment') {
          const { sessionId, mediaTime } = event.moment;
          yield* this.#upTo(event.streamId, sessionId, this.#beginOf(mediaTime));
        } else if (event.kind === 'removed') return;
        else if (!isLive(event.session)) yield* this.#rest(event.session);
      }
    } finally {
      this.close();
    }
  }

  async *#rest(session: SessionRecord): AsyncGenerator<SentAggregate> {
    yield* this.#upTo(session.streamId, session.id, Number.POSITIVE_INFINITY);
    this.#next.delete(session.id);
    this.#isOver = this.#request.sessionId !== undefined;
  }

  async *#upTo(streamId: string, sessionId: string, end: number): AsyncGenerator<SentAggregate> {
    const from = this.#next.get(sessionId) ?? 0;
    if (end <= from) return;
    this.#next.set(sessionId, end);
    const range = { from, ...(Number.isFinite(end) && { to: end }) };
    for (const bucket of await this.#deps.buckets(sessionId, this.#request.bucket, range)) {
      yield { streamId, sessionId, bucket };
    }
  }

  /** Where the bucket begins in which the newest moment lies. */
  async #openBucket(sessionId: string): Promise<number> {
    const { history } = this.#deps;
    const { newest } = await history.extent(sessionId);
    const [moment] = newest < 0 ? [] : await history.page(sessionId, newest - 1, 1);
    return this.#beginOf(moment?.mediaTime ?? 0);
  }

  #beginOf(mediaTime: number): number {
    const { bucket } = this.#request;
    return Math.floor(mediaTime / bucket) * bucket;
  }
}
