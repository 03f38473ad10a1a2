/** Erasing what was recorded: what is asked for, and what is written down of it, which is nothing that was recorded. */
import type { Actor } from './audit.ts';
import type { TimeRange } from './time-range.ts';

/** What is to be erased. */
export type ErasureRequest =
  /** `keepSource`: its stream stays, and the upload that it is of. */
  | { type: 'SESSION'; sessionId: string; keepSource?: true }
  | { type: 'TRACK'; sessionId: string; track: number }
  /** Of one session, or of all sessions of a stream, by the wall clock. */
  | ({ type: 'RANGE'; sessionId: string | null; streamId: string | null } & TimeRange)
  /** All streams that are tagged so, with their sessions, and all sessions that are. */
  | { type: 'TAG'; key: string; value: string };

/** A request as it is kept: without a tag's value, which may name somebody. */
export type ErasureTarget = Exclude<ErasureRequest, { type: 'TAG' }> | { type: 'TAG'; key: string };

/** Part of an erasure that is done as a whole, and may be begun again. */
export type ErasureStep =
  | { do: 'SESSION'; sessionId: string }
  | { do: 'TRACK'; sessionId: string; track: number }
  | StretchStep
  | { do: 'STREAM'; streamId: string }
  | { do: 'UPLOAD'; token: string }
  /** What is left of the rows in the database's files, of these days (UTC, since the epoch), both included. */
  | { do: 'FILES'; firstDay: number; lastDay: number };

/** Moments of a session that follow each other. */
export interface StretchStep {
  do: 'STRETCH';
  sessionId: string;
  /** The first and the last; the last before the first: there are sums alone. */
  fromSeq: number;
  toSeq: number;
  /** What they stood for, in seconds of media time, with what was dropped before them; `until` excluded. */
  since: number;
  until: number;
  /** For how long the moment before them stands, in seconds; null: there is none. */
  durationBefore: number | null;
  /** The first and the last second whose sums change. */
  firstSecond: number;
  lastSecond: number;
}

/** Half of the least time between two moments, in seconds: so much may a time that was rounded be off. */
export const HALF_STEP = 0.0005;

/** Rows that an erasure deleted, by kind, and files. */
export interface ErasedCounts {
  streams: number;
  sessions: number;
  moments: number;
  readings: number;
  rollups: number;
  episodes: number;
  tracks: number;
  markers: number;
  uploads: number;
}

/** Who asks for what, and why. */
export interface ErasureOrder {
  request: ErasureRequest;
  requester: Actor;
  /** A sentence for those who read the record. */
  reason: string;
}

export interface LiveSession {
  sessionId: string;
  streamId: string;
}

/** What of finished erasures is let go of. Of a stretch it is not known any more which moments it had: what is let go of for nothing is read again. */
export function erasedSteps(sessionIds: readonly string[], target: ErasureTarget): ErasureStep[] {
  return sessionIds.map((sessionId) =>
    target.type === 'TRACK' ? { do: 'TRACK', sessionId, track: target.track } : { do: 'SESSION', sessionId },
  );
}
