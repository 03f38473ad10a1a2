/**
 * What `subscriptions` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; the composition root hands them over.
 */
import type { LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';

/** store: the registered streams. */
export interface StreamQueries {
  get(id: string): Promise<StreamRecord | null>;
}

/** store: the sessions as subscribers look for them. */
export interface SessionQueries {
  get(id: string): Promise<SessionRecord | null>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state; of one stream or of all. */
  live(streamId?: string): Promise<SessionRecord[]>;
  /** Those with `startedAt` at or after `time`, by `startedAt`, then by id; of one stream or of all. */
  startedSince(time: Date, streamId?: string): Promise<SessionRecord[]>;
}

/** store: the committed moments. */
export interface MomentHistory {
  /** Moments of a session with a greater `seq` than `after`, ascending, at most `limit`. */
  page(sessionId: string, after: number, limit: number): Promise<Moment[]>;
  /**
   * `oldest`: the least `seq` that is still stored; null without any. `newest`: the greatest that was ever
   * committed, also when retention has since deleted it; -1 without any.
   */
  extent(sessionId: string): Promise<{ oldest: number | null; newest: number }>;
}

/** bus: a subscriber's own bounded queue; the oldest events are dropped when it is full. */
export interface EventQueue<Event> {
  /** The next event, with the number of those dropped before it; null once the queue was closed. */
  take(): Promise<{ event: Event; skippedBefore: number } | null>;
  close(): void;
}

export interface EventQueueOptions<Event> {
  /** Events that may wait. */
  capacity: number;
  /** Called with each event that is dropped, in order. */
  onDrop?: ((event: Event) => void) | undefined;
}

/** bus: what is published. Events of several kinds share a queue, in the order of publication. */
export interface LiveFeed {
  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options: EventQueueOptions<LiveEventOf<Kind>>,
  ): EventQueue<LiveEventOf<Kind>>;
}

export interface SubscriptionDeps {
  streams: StreamQueries;
  sessions: SessionQueries;
  history: MomentHistory;
  feed: LiveFeed;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Events that may wait for a slow subscriber to moments. */
  capacity?: number;
}
