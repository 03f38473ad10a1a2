import type { DropCounts } from './frame.ts';

/** A stretch of a session's media time, or all of it, summed up: of the whole picture, or of one track. */
export interface Aggregate {
  /** Seconds of media time. */
  start: number;
  end: number;
  /**
   * Milliseconds since the epoch: the earliest and the latest wall time of the frames scored in it; where none was, of the one that
   * stands into it. Null: there is none.
   */
  startedAt: number | null;
  endedAt: number | null;
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
  /** Seconds of one face by label, in the order of EXPRESSIONS: two faces at once count twice. */
  durations: readonly number[];
  /** Seconds that moments stand for; of a track those in which it was seen. */
  covered: number;
  /** Seconds of the stretch for which the source was there to be scored: from its beginning to its end, holes included, without what was erased. */
  elapsed: number;
  /** Seconds of it that were erased: neither covered nor missing. */
  erased: number;
  /** `covered` as a share of `elapsed`: 0 to 1. */
  coverage: number;
}

/** All of a session. */
export interface SessionSummary extends Aggregate {
  /** How many faces were followed. */
  tracks: number;
  /** Side of the smallest face that could be found, in pixels of the source's own picture; null before the first frame. */
  smallestFace: number | null;
}
