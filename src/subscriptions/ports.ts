/**
 * What `subscriptions` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; the composition root hands them over.
 */
import type { Tags } from '../domain/access.ts';
import type { Aggregate } from '../domain/aggregate.ts';
import type { LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { FoundMoments, MomentSearch } from '../domain/moment-search.ts';
import type { SessionQueries } from '../domain/session-queries.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { EventPlace } from './cursor.ts';

/** store: the registered streams. */
export interface StreamQueries {
  get(id: string): Promise<StreamRecord | null>;
  /** Of one that is stored, without a wait; null when there is none. */
  tagsOf(id: string): Tags | null;
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
  /** Those that a filter lets through, from either end, as far as one look goes. */
  search(sessionId: string, search: MomentSearch): Promise<FoundMoments>;
}

/** A moment, and where it stands in the order of all commits. */
export interface LoggedMoment {
  streamId: string;
  /** Null: it is hidden. */
  moment: Moment | null;
  position: number;
}

/** What was told of an episode, and where it stands; within one position they stand as `compareEpisodeEvents` says. */
export interface LoggedEpisodeEvent {
  streamId: string;
  position: number;
  event: EpisodeEvent;
  isHidden?: boolean;
}

/** store: the committed moments of all sessions, in the order of their commits. */
export interface CommitLog {
  /** Ascending by id, with the newest position of each. */
  writers(): Promise<{ id: number; newest: number }[]>;
  /** Of each writer and stream the newest position that retention deleted; of one stream or of all. */
  expired(streamId?: string): Promise<{ streamId: string; position: number }[]>;
  /** At most `limit` moments of one writer behind a position of it, ascending. */
  behind(position: number, limit: number): Promise<LoggedMoment[]>;
  /**
   * At most `limit` events of one writer behind this one, ascending. The episode is told as it is stored now; of an apex, the
   * newest event alone.
   */
  episodesBehind(place: EventPlace, scope: Scope, limit: number): Promise<LoggedEpisodeEvent[]>;
}

/** bus: a subscriber's own bounded queue; the oldest events are dropped when it is full. */
export interface EventQueue<Event> {
  /**
   * The next event; null once the queue was closed. One of the counted kind comes with the number of those that were dropped
   * since the one before.
   */
  take(): Promise<{ event: Event; skippedBefore: number } | null>;
  /** Events waiting. */
  readonly length: number;
  /** Events of the counted kind that were dropped so far. */
  readonly lost: number;
  close(): void;
}

export interface EventQueueOptions<Event> {
  /** Events that may wait. */
  capacity: number;
  /** The kind whose dropped events are counted; by default all are. */
  counted?: LiveEventKind;
  /** Called with each event that is dropped, in order. */
  onDrop?: ((event: Event) => void) | undefined;
  /** Whether an event is for this subscriber; by default all are. */
  accepts?: ((event: Event) => boolean) | undefined;
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
  log: CommitLog;
  /** store: buckets of so many seconds between these seconds of media time, page by page. */
  buckets(
    sessionId: string,
    seconds: number,
    range: { from: number; to: number },
  ): AsyncIterable<Aggregate[]>;
  feed: LiveFeed;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Events that may wait for a slow subscriber to moments. */
  capacity?: number;
  /** Sessions of which a subscriber to all streams remembers what it was sent. */
  remembered?: number;
}
