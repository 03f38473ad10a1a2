/** What the server answers to the documents of documents.js. */

export type Expression =
  | 'NEUTRAL'
  | 'HAPPINESS'
  | 'SURPRISE'
  | 'SADNESS'
  | 'ANGER'
  | 'DISGUST'
  | 'FEAR'
  | 'CONTEMPT';

export type SessionState = 'STARTING' | 'RUNNING' | 'RECONNECTING' | 'ENDED' | 'FAILED' | 'INTERRUPTED';

export interface Probability {
  expression: Expression;
  probability: number;
}

export interface Face {
  track: number;
  /** Fractions of the frame. */
  box: { x: number; y: number; width: number; height: number };
  /** Null: mien abstained. */
  expression: Expression | null;
  confidence: number;
  probabilities: Probability[];
  agreement: number;
  valence: number;
  arousal: number;
  landmarks: { x: number; y: number }[] | null;
  quality: { score: number; issues: string[] };
}

/** In pixels. */
export interface FrameSize {
  width: number;
  height: number;
}

export interface Moment {
  cursor: string;
  sessionId: string;
  seq: number;
  /** Seconds. */
  mediaTime: number;
  wallTime: string;
  droppedBefore: number;
  skippedBefore: number;
  faces: Face[];
}

export interface Status {
  streamId: string;
  state: SessionState;
  failure: string | null;
  /** Null when it does not run in real time. */
  effectiveFrameRate: number | null;
  /** Null when it was removed since. */
  session: { id: string; startedAt: string } | null;
}

export interface SessionListItem {
  id: string;
  state: SessionState;
  failure: string | null;
  startedAt: string;
}

export interface Stream {
  id: string;
  name: string;
  purpose: string;
  frameRate: number;
  /** Frames a second at which it is scored now, at most; null when it does not run in real time. */
  effectiveFrameRate: number | null;
  source: { kind: string; location: string | null };
  latestSession: SessionListItem | null;
}

export interface Bucket {
  /** Seconds of media time. */
  start: number;
  end: number;
  faces: number;
  abstained: number;
  probabilities: Probability[] | null;
  valence: number | null;
  arousal: number | null;
}

export interface Track {
  track: number;
  firstSeen: number;
  lastSeen: number;
  readings: number;
}

export interface Summary {
  frames: number;
  faces: number;
  abstained: number;
  /** Scored frames as a fraction of all that should have been. */
  coverage: number;
  seconds: number;
  tracks: number;
  valence: number | null;
  arousal: number | null;
  quality: number | null;
  expressions: { expression: Expression; share: number; seconds: number }[];
  dropped: { reason: string; frames: number }[];
}

export interface SessionWithSummary {
  id: string;
  state: SessionState;
  failure: string | null;
  summary: Summary;
}

export interface SessionDetail {
  state: SessionState;
  tracks: Track[];
}

/** Who is signed in. */
export interface Principal {
  name: string;
  role: 'VIEWER' | 'OPERATOR' | 'ADMIN';
  /** The tags that limit them to streams, in words; null: all streams. */
  streams: string | null;
}

export interface Who {
  /** Whether people have to sign in here. */
  required: boolean;
  principal: Principal | null;
  /** The sign-in service that can be used, by its name. */
  issuer: string | null;
}
