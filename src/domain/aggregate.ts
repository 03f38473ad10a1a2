import type { DropCounts } from './frame.ts';

/** A stretch of a session's media time, or all of it, summed up: of the whole picture, or of one track. */
export interface Aggregate {
  /** Seconds of media time. */
  start: number;
  end: number;
  /** Frames scored; of a track: frames in which it was seen. */
  frames: number;
  /** Frames of the picture that were not scored, by reason. */
  dropped: DropCounts;
  /** Faces scored (one per face and frame), and those of them in which mien abstained. */
  readings: number;
  abstained: number;
  /** Readings by label, in the order of EXPRESSIONS. */
  labels: readonly number[];
  /** Means over the readings; null without any. */
  probabilities: readonly number[] | null;
  valence: number | null;
  arousal: number | null;
  quality: number | null;
  /** `frames` as a share of all frames of the picture, scored or dropped: 0 to 1. */
  coverage: number;
}

/** All of a session. */
export interface SessionSummary extends Aggregate {
  /** How many faces were followed. */
  tracks: number;
}
