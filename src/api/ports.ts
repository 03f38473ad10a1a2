/** What the API needs of the rooms below it; `main` hands them over. */

import type { DropCounts, SourceInput } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { SessionRecord, StreamRecord } from '../sessions/ports.ts';

/** A moment on its way to a subscriber. */
export interface LiveMoment {
  moment: Moment;
  cursor: string;
  /** Moments lost between this one and the one before, because the subscriber was too slow. */
  skippedBefore: number;
}

export interface LiveStatus {
  streamId: string;
  session: SessionRecord;
  skippedBefore: number;
}

export interface LiveEpisode {
  streamId: string;
  event: EpisodeEvent;
  skippedBefore: number;
}

/** Sources of subscriptions. Each iterable has a bounded queue of its own, and ends when it is returned. */
export interface Live {
  /** @throws MienError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED */
  moments(filter: {
    streamId?: string;
    sessionId?: string;
    after?: string;
    /** At most one moment per so many milliseconds of media time. */
    every?: number;
  }): Promise<AsyncIterable<LiveMoment>>;
  status(filter: { streamId?: string }): Promise<AsyncIterable<LiveStatus>>;
  episodes(filter: { sessionId: string }): Promise<AsyncIterable<LiveEpisode>>;
}

export interface NewStream {
  name: string;
  source: SourceInput;
  purpose: string;
  frameRate: number;
  loop: boolean;
  realtime: boolean | null;
  autoStart: boolean;
}

/** Starts and stops what runs. */
export interface Conductor {
  /** @throws MienError SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED, FFMPEG_MISSING, CONFLICT */
  register(stream: NewStream): Promise<StreamRecord>;
  /** @throws MienError NOT_FOUND, CONFLICT when it runs already */
  start(streamId: string): Promise<SessionRecord>;
  /** Drains, then ends the session. @throws MienError NOT_FOUND, CONFLICT when nothing runs */
  stop(streamId: string): Promise<SessionRecord>;
  /** With all that was recorded from it. @throws MienError NOT_FOUND */
  remove(streamId: string): Promise<void>;
}

/** One stretch of a session's timeline, or all of it, summed up. */
export interface Aggregate {
  /** Seconds of media time. */
  start: number;
  end: number;
  /** Frames scored, and frames that were not, by reason. */
  frames: number;
  dropped: DropCounts;
  /** Faces scored: one per face and frame. */
  readings: number;
  abstained: number;
  /** Readings by label, in the order of EXPRESSIONS. */
  labels: readonly number[];
  /** Means over the readings; null without any. */
  probabilities: readonly number[] | null;
  valence: number | null;
  arousal: number | null;
  quality: number | null;
  /** Frames scored as a share of all, 0 to 1. */
  coverage: number;
}

/** What was recorded, read back. */
export interface Library {
  /** @throws MienError CURSOR_INVALID, CURSOR_EXPIRED */
  timeline(
    sessionId: string,
    page: { first: number; after: string | null },
  ): Promise<{ moments: readonly { moment: Moment; cursor: string }[]; more: boolean }>;
  /** In the order of the ids. */
  summaries(sessionIds: readonly string[]): Promise<readonly SessionTotals[]>;
  /** Buckets without any frame are left out. */
  aggregate(
    sessionId: string,
    range: { bucket: number; from: number | null; to: number | null; track: number | null },
  ): Promise<readonly Aggregate[]>;
}

export interface SessionTotals extends Aggregate {
  tracks: number;
}
