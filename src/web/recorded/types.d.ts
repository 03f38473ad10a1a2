/** What the server answers to the documents of this folder. */
import type { Dropped, Expression, Face, Probability, SessionState, Track } from '../types.d.ts';

export interface Recording {
  id: string;
  state: SessionState;
  /** A path on the server; null: it has no file of it. */
  recordingUrl: string | null;
  frameWidth: number | null;
  frameHeight: number | null;
  stream: { frameRate: number; loop: boolean };
  summary: {
    start: number;
    end: number;
    seconds: number;
    frames: number;
    faces: number;
    coverage: number;
    dropped: Dropped[];
  };
  tracks: Track[];
}

export interface LaneBucket {
  start: number;
  end: number;
  faces: number;
  abstained: number;
  coverage: number;
  probabilities: Probability[] | null;
  valence: number | null;
  arousal: number | null;
  dropped: Dropped[];
}

export interface Episode {
  index: number;
  track: number;
  expression: Expression;
  onset: number;
  apex: number;
  /** Null while it lasts. */
  offset: number | null;
  peak: number;
}

export interface SingleMoment {
  seq: number;
  mediaTime: number;
  previousDuration: number;
  dropped: Dropped[];
  faces: {
    track: number;
    expression: Expression | null;
    probabilities: Probability[];
    valence: number;
    arousal: number;
  }[];
}

export interface StageFace extends Face {
  pose: { yaw: number; pitch: number; roll: number };
  actionUnits: { name: string; intensity: number }[];
}

export interface StageMoment {
  seq: number;
  mediaTime: number;
  /** Of a looped recording: where in it the frame lies. */
  sourceTime: number | null;
  cut: boolean;
  previousDuration: number;
  faces: StageFace[];
}
