/** What the API needs of the rooms below it; the composition root hands them over. */

import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import type { SentEpisode, SentMoment, SentStatus } from '../../domain/live-event.ts';
import type { Moment } from '../../domain/moment.ts';
import type { SessionRecord, StreamRecord } from '../../domain/stream.ts';

/** Sources of subscriptions. Each iterable has a bounded queue of its own, and ends when it is returned. */
export interface Subscriptions {
  /** @throws MienError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED */
  moments(filter: {
    streamId?: string;
    sessionId?: string;
    after?: string;
    /** At most one moment per so many milliseconds of media time. */
    every?: number;
  }): Promise<AsyncIterable<SentMoment>>;
  status(filter: { streamId?: string }): Promise<AsyncIterable<SentStatus>>;
  episodes(filter: { sessionId: string }): Promise<AsyncIterable<SentEpisode>>;
}

/** A stream as it is registered. */
export interface NewStream extends Omit<StreamRecord, 'id' | 'shouldRun' | 'createdAt'> {
  /** Whether to start it at once. */
  autoStart: boolean;
}

/** Starts and stops what runs. */
export interface StreamManager {
  /** @throws MienError SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED, FFMPEG_MISSING, CONFLICT */
  register(stream: NewStream): Promise<StreamRecord>;
  /** @throws MienError NOT_FOUND, CONFLICT when it runs already */
  start(streamId: string): Promise<SessionRecord>;
  /** Drains, then ends the session. @throws MienError NOT_FOUND, CONFLICT when nothing runs */
  stop(streamId: string): Promise<SessionRecord>;
  /** With all that was recorded from it. @throws MienError NOT_FOUND */
  remove(streamId: string): Promise<void>;
}

/** What was recorded, read back. */
export interface RecordingQueries {
  /** @throws MienError CURSOR_INVALID, CURSOR_EXPIRED */
  timeline(
    sessionId: string,
    page: { first: number; after: string | null },
  ): Promise<{ moments: readonly { moment: Moment; cursor: string }[]; more: boolean }>;
  /** In the order of the ids. */
  summaries(sessionIds: readonly string[]): Promise<readonly SessionSummary[]>;
  /** Buckets without any frame are left out. */
  aggregate(
    sessionId: string,
    range: { bucket: number; from: number | null; to: number | null; track: number | null },
  ): Promise<readonly Aggregate[]>;
}
