import type { Expression, FaceReading } from './face.ts';
import type { DropCounts } from './frame.ts';

/** All faces of one frame: the unit that is stored, published and resumed from. */
export interface Moment {
  sessionId: string;
  /** From 0, without gaps within a session. */
  seq: number;
  /** Seconds since the source's own start. */
  mediaTime: number;
  /** Milliseconds since the epoch. */
  wallTime: number;
  /** Frames not scored since the moment before, by reason. */
  dropped: DropCounts;
  faces: FaceReading[];
}

/** A stretch of one expression on one track. Times are media time in seconds. */
export interface Episode {
  /** From 0 within its session, in the order of onset. */
  index: number;
  sessionId: string;
  track: number;
  expression: Expression;
  onset: number;
  apex: number;
  /** Null while it lasts. */
  offset: number | null;
  /** Smoothed probability at the apex. */
  peak: number;
}

export type EpisodeEventKind = 'ONSET' | 'APEX' | 'OFFSET';

export interface EpisodeEvent {
  kind: EpisodeEventKind;
  episode: Episode;
}

/** One second of media time of one track (or `track: 0`, of the whole frame); sums, so that buckets add up. */
export interface Rollup {
  sessionId: string;
  /** Whole second of media time. */
  second: number;
  /** 0: the whole picture; its `frames` and `dropped` count frames, its other sums are over all faces. */
  track: number;
  frames: number;
  dropped: DropCounts;
  /** Readings summed here, and those of them in which mien abstained. */
  readings: number;
  abstained: number;
  /** Readings by label, in the order of EXPRESSIONS. */
  labels: number[];
  /** Sums of smoothed probabilities, in the order of EXPRESSIONS. */
  probabilities: number[];
  valence: number;
  arousal: number;
  quality: number;
}
