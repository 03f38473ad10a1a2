/** What the API needs of the rooms below it; the composition root hands them over. */

import type { IssuedToken, TokenRequest } from '../../access/issue-token.ts';
import type { TokenRecord } from '../../access/ports.ts';
import type { Tags } from '../../domain/access.ts';
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import type { Capacity } from '../../domain/capacity.ts';
import type { ErasureOrder } from '../../domain/erasure.ts';
import type { FaceFilter } from '../../domain/face-filter.ts';
import type { SourceInput } from '../../domain/frame.ts';
import type {
  SentAggregate,
  SentEpisode,
  SentEvents,
  SentMoment,
  SentStatus,
} from '../../domain/live-event.ts';
import type { Marker, MarkerChoice, NewMarker } from '../../domain/marker.ts';
import type { MediaFile, MediaFileQuery } from '../../domain/media-file.ts';
import type { Moment } from '../../domain/moment.ts';
import type { MomentFilter } from '../../domain/moment-search.ts';
import type { RecordedFile } from '../../domain/recorded-file.ts';
import type {
  GroupedSession,
  SessionsAggregateOptions,
  SessionsGroup,
} from '../../domain/sessions-aggregate.ts';
import type {
  SessionRecord,
  SessionSetting,
  SessionWords,
  StreamChange,
  StreamRecord,
} from '../../domain/stream.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { MediaStretch, MomentRun } from '../../store/read/media-stretches.ts';

/**
 * Sources of subscriptions. Each iterable has a bounded queue of its own, and ends when it is returned. With `tags` there is
 * nothing but the streams that have all of these.
 */
export interface Subscriptions {
  /** @throws MienError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED */
  moments(filter: {
    streamId?: string;
    sessionId?: string;
    after?: string;
    /** At most one moment in each stretch of so many milliseconds of media time. */
    every?: number;
    filter?: FaceFilter | undefined;
    tags?: Tags;
  }): Promise<SentEvents<SentMoment>>;
  status(filter: { streamId?: string; tags?: Tags }): Promise<SentEvents<SentStatus>>;
  /** @param filter.bucket in whole seconds @throws MienError NOT_FOUND, BAD_INPUT */
  aggregates(filter: {
    streamId?: string;
    sessionId?: string;
    bucket: number;
    tags?: Tags;
  }): Promise<SentEvents<SentAggregate>>;
  /** @throws MienError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED */
  episodes(filter: {
    streamId?: string;
    sessionId?: string;
    after?: string;
    tags?: Tags;
  }): Promise<SentEvents<SentEpisode>>;
  /** A cursor behind which there is all that one who subscribes now without `after` gets. */
  cursorOfNow(
    of: 'moments' | 'episodes',
    scope: { streamId?: string; sessionId?: string; tags?: Tags },
  ): Promise<string>;
}

/** A stream as it is registered. */
export interface NewStream extends Omit<StreamRecord, 'id' | 'shouldRun' | 'createdAt'> {
  /** Whether to start it at once. */
  autoStart: boolean;
}

/** A stream that is registered, and whether it was so before. */
export interface RegisteredStream extends StreamRecord {
  alreadyRegistered: boolean;
}

export interface RegisterOptions {
  /** The tags of the streams that are shown to whoever registers it: a twin that is not is no conflict; left out: all are. */
  shown?: Tags;
  /** Asked before one that was not registered already is looked at. @throws what refuses it */
  admit?(): Promise<void>;
}

/** Starts and stops what runs. */
export interface StreamManager {
  /** @throws MienError SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED, FFMPEG_MISSING, CONFLICT, OVER_CAPACITY */
  register(stream: NewStream, options?: RegisterOptions): Promise<RegisteredStream>;
  /**
   * At once, but for what the session that runs was begun with.
   * @throws MienError BAD_INPUT, NOT_FOUND, CONFLICT when another of its new name has its source
   */
  change(
    streamId: string,
    change: StreamChange,
    options?: Pick<RegisterOptions, 'shown'>,
  ): Promise<{ id: string; atNextSession: readonly SessionSetting[] }>;
  /** @param words of the session @throws MienError NOT_FOUND, OVER_CAPACITY, CONFLICT when it runs already */
  start(streamId: string, words?: Partial<SessionWords>): Promise<SessionRecord>;
  /** Drains, then ends the session. @throws MienError NOT_FOUND, CONFLICT when nothing runs */
  stop(streamId: string): Promise<SessionRecord>;
  /** With all that was recorded from it. @throws MienError NOT_FOUND */
  remove(streamId: string): Promise<void>;
}

/** Files of the media directory, by their paths. @throws MienError NOT_FOUND, BAD_INPUT */
export type ListMediaFiles = (query: MediaFileQuery) => Promise<readonly MediaFile[]>;

/** Lays the clip that mien comes with among the uploads; gives its token. @throws MienError BAD_INPUT when there is none */
export type BringDemoClip = () => Promise<string>;

/** The file that a source is; null: it is none, or the file is gone. @throws MienError UPLOADS_UNAVAILABLE */
export type FindRecordedFile = (source: SourceInput) => Promise<RecordedFile | null>;

/** What people say of sessions. */
export interface Sessions {
  /** What is left out stays as it is; `tags` take the place of its own ones. @throws MienError NOT_FOUND */
  describe(id: string, words: Partial<SessionWords>): Promise<unknown>;
  /**
   * @returns them with their media times, in their order, and how many were not there
   * @throws MienError NOT_FOUND; BAD_INPUT: a time lies outside of it; CONFLICT: it has too many, or no “now”
   */
  mark(id: string, markers: readonly NewMarker[]): Promise<{ markers: Marker[]; added: number }>;
  /** @returns how many @throws MienError NOT_FOUND */
  unmark(id: string, choices: readonly MarkerChoice[]): Promise<number>;
}

/** Erases what was recorded. */
export interface Eraser {
  /**
   * @returns the id of its record, once all is gone, or after half a minute, while it goes on
   * @throws MienError NOT_FOUND; CONFLICT where something runs that cannot be erased like that
   */
  erase(order: ErasureOrder): Promise<string>;
}

/** What the running streams ask of this machine, and get. */
export interface Load {
  /** Frames a second that a running stream is scored at, at most; null when it does not run, or not in real time. */
  effectiveFrameRate(streamId: string): number | null | Promise<number | null>;
  /** Whether it gets fewer frames than it asks for. */
  isOverloaded(streamId: string): boolean | Promise<boolean>;
  /** What those who run it should know, in sentences; without `totals` nothing that tells of other streams. */
  warnings(streamId: string, options?: { totals: boolean }): string[] | Promise<string[]>;
  /** @param of the ids of the streams that count; none given: all, and only then is told what the machine can score */
  capacity(of?: ReadonlySet<string>): Capacity | null | Promise<Capacity | null>;
}

/** The first moments behind one cursor, or the last ones before another, of those that the filter lets through. */
export interface TimelinePageRequest extends MomentFilter {
  limit: number;
  backwards: boolean;
  after: string | null;
  before: string | null;
}

export interface TimelinePage {
  /** The oldest first. */
  moments: readonly { moment: Moment; cursor: string }[];
  /** Whether there may be others in that direction. */
  more: boolean;
  /** Where to go on from, where not enough of them were found so far; null: from the last of these. */
  stoppedAt: string | null;
}

/** What was recorded, read back. */
export interface RecordingQueries {
  /** @throws MienError CURSOR_INVALID, CURSOR_EXPIRED */
  timeline(sessionId: string, page: TimelinePageRequest): Promise<TimelinePage>;
  /** One moment by its number; null: it is not stored. */
  moment(sessionId: string, seq: number): Promise<{ moment: Moment; cursor: string } | null>;
  /**
   * The moments of a session behind this `seq`, page by page, as far as they are stored, with their landmarks packed (`StoredReading`). No page is empty.
   * @param readings about how many a page has, of all its moments together
   * @throws MienError CURSOR_EXPIRED
   */
  pages(sessionId: string, afterSeq: number, readings: number): AsyncIterable<readonly Moment[]>;
  /** Where in a session a range lies, by `seq`; some moments at both ends of each may lie outside of it. In order. */
  momentRuns(sessionId: string, range: TimeRange): Promise<readonly MomentRun[]>;
  /** @param sessions in the order of their creation @throws MienError BAD_INPUT */
  aggregateSessions(
    sessions: readonly GroupedSession[],
    options: SessionsAggregateOptions,
  ): Promise<readonly SessionsGroup[]>;
  /** In the order of the ids. */
  summaries(sessionIds: readonly string[], range?: TimeRange): Promise<readonly SessionSummary[]>;
  /** Buckets without any frame are left out. */
  aggregate(
    sessionId: string,
    options: { bucket: number; range: TimeRange | undefined; track: number | null },
  ): Promise<readonly Aggregate[]>;
  /** The same page by page, however many there are. @param options.within only those of this stretch of media time, between edges of buckets */
  bucketPages(
    sessionId: string,
    options: { bucket: number; range: TimeRange | undefined; track: number | null; within: MediaStretch },
  ): AsyncIterable<readonly Aggregate[]>;
}

/** Makes and ends tokens. */
export interface Tokens {
  /** @param createdBy who asked for it, in words @throws MienError BAD_INPUT, CONFLICT */
  issue(request: TokenRequest, createdBy: string): Promise<IssuedToken>;
  /** Harmless when it was revoked before. @throws MienError NOT_FOUND */
  revoke(id: string): Promise<TokenRecord>;
}
