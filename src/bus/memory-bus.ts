/** The bus within one process: every subscriber has a queue of its own, and none can delay, starve or feed another. */
import type { LiveEvent, LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { SessionRecord } from '../domain/stream.ts';
import { BoundedQueue } from './bounded-queue.ts';
import { type Followed, followedBy, topicOf, topicsAt, topicsOf } from './topics.ts';

export interface SubscribeOptions<Event> {
  /** Events that may wait; the oldest are dropped beyond that. */
  capacity?: number;
  onDrop?: ((event: Event) => void) | undefined;
  /** Whether an event is for this subscriber. */
  accepts?: ((event: Event) => boolean) | undefined;
  /** The kind whose losses are told as `skippedBefore`; by default all are. */
  counted?: LiveEventKind | undefined;
}

export interface BusOptions {
  /** Told of each event that a subscriber was too slow for. */
  onOverflow?: () => void;
  /** Told of what a subscriber threw; that subscriber is closed, the others are served. */
  onError?: (error: unknown) => void;
}

/** Six seconds of a stream at ten frames per second. */
export const QUEUE_CAPACITY = 64;

/** What is published reaches those who subscribe; of one server, or of several. */
export interface Bus {
  publish(event: LiveEvent): void;
  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options?: SubscribeOptions<LiveEventOf<Kind>>,
  ): BoundedQueue<LiveEventOf<Kind>>;
  /** Lets go of events that wait for a subscriber: what they tell of was erased. */
  forget(isGone: (event: LiveEvent) => boolean): void;
}

export class MemoryBus implements Bus {
  readonly #topics = new Map<string, Set<BoundedQueue<LiveEvent>>>();
  readonly #options: BusOptions;

  constructor(options: BusOptions = {}) {
    this.#options = options;
  }

  moment(streamId: string, moment: Moment, position: number): void {
    this.publish({ kind: 'moment', streamId, moment, position });
  }

  status(streamId: string, session: SessionRecord, sameState = false): void {
    this.publish({ kind: 'status', streamId, session, ...(sameState && { sameState }) });
  }

  episode(streamId: string, event: EpisodeEvent, position: number): void {
    this.publish({ kind: 'episode', streamId, event, position });
  }

  removed(streamId: string): void {
    this.publish({ kind: 'removed', streamId });
  }

  /** Events of several kinds in one queue, in the order of publication. */
  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options: SubscribeOptions<LiveEventOf<Kind>> = {},
  ): BoundedQueue<LiveEventOf<Kind>> {
    const topics = kinds.map((kind) => topicOf(kind, scope));
    const queue = new BoundedQueue<LiveEventOf<Kind>>({
      capacity: options.capacity ?? QUEUE_CAPACITY,
      accepts: options.accepts,
      counts: options.counted && ((event) => event.kind === options.counted),
      onDrop: (event) => {
        this.#options.onOverflow?.();
        options.onDrop?.(event);
      },
      onClose: () => this.#leave(topics, queue as unknown as BoundedQueue<LiveEvent>),
    });
    this.#join(topics, queue as unknown as BoundedQueue<LiveEvent>);
    return queue;
  }

  /**
   * Lets go of events that wait for a subscriber: what they tell of was erased. What is left of it is in the store, where who reads in
   * the order of commits has to look for it.
   */
  forget(isGone: (event: LiveEvent) => boolean): void {
    const queues = new Set([...this.#topics.values()].flatMap((some) => [...some]));
    const forgotten = [...queues].filter((queue) => queue.forget(isGone));
    if (forgotten.length > 0) this.publish({ kind: 'committed', positions: null });
  }

  /** Whether anybody would hear an event of this kind, of a session or (undefined) of a stream as a whole. */
  hasListeners(kind: LiveEventKind, streamId: string, sessionId: string | undefined): boolean {
    return topicsAt(kind, streamId, sessionId).some((topic) => this.#topics.has(topic));
  }

  /** What those who subscribe follow. */
  followed(): Followed {
    return followedBy(this.#topics.keys());
  }

  get hasSubscribers(): boolean {
    return this.#topics.size > 0;
  }

  /** Queues now open. */
  get subscribers(): number {
    return new Set([...this.#topics.values()].flatMap((queues) => [...queues])).size;
  }

  /** Closes every queue: their readers' loops end. */
  close(): void {
    for (const queues of [...this.#topics.values()]) for (const queue of [...queues]) queue.close();
  }

  publish(event: LiveEvent): void {
    for (const topic of topicsOf(event)) {
      for (const queue of this.#topics.get(topic) ?? []) this.#offer(queue, event);
    }
  }

  #offer(queue: BoundedQueue<LiveEvent>, event: LiveEvent): void {
    try {
      queue.push(event);
    } catch (error) {
      queue.close();
      this.#options.onError?.(error);
    }
  }

  #join(topics: string[], queue: BoundedQueue<LiveEvent>): void {
    for (const topic of topics) {
      const queues = this.#topics.get(topic) ?? new Set();
      this.#topics.set(topic, queues.add(queue));
    }
  }

  #leave(topics: string[], queue: BoundedQueue<LiveEvent>): void {
    for (const topic of topics) {
      const queues = this.#topics.get(topic);
      queues?.delete(queue);
      if (queues?.size === 0) this.#topics.delete(topic);
    }
  }
}
