/** What the server answers to the documents of documents.js. */

import type { DashboardMomentsSubscription, SessionState } from './answers.js';

export type { Expression, SessionState } from './answers.js';

/** Times of media in seconds. */
export type Moment = DashboardMomentsSubscription['frameEmotions'];
/** Its box in fractions of the frame; without an expression where mien abstained. */
export type Face = Moment['faces'][number];
export type Probability = Face['probabilities'][number];

/** In pixels. */
export interface FrameSize {
  width: number;
  height: number;
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

/** With the stream that it is a run of. */
export interface OpenedSession extends SessionListItem {
  stream: { id: string; name: string };
}

export interface Stream {
  id: string;
  name: string;
  purpose: string;
  frameRate: number;
  /** Whether its picture may be looked at while it runs. */
  preview: boolean;
  /** Frames a second at which it is scored now, at most; null when it does not run in real time. */
  effectiveFrameRate: number | null;
  source: { kind: string; location: string | null };
  latestSession: SessionListItem | null;
}

/** What can be set of a stream, as the dialogs' fields say it. */
export interface StreamSettings {
  frameRate: number;
  tags: { key: string; value: string }[];
  preview: boolean;
  /** In hours; null: as the server says. */
  retention: number | null;
  priority: string;
  detectSize: string;
  smoothing: number;
  /** Null: by the kind of its source. */
  timing: string | null;
}

/** A stream that is changed. */
export interface EditedStream extends StreamSettings {
  id: string;
  name: string;
  loop: boolean;
  /** null: by the kind of its source. */
  realtime: boolean | null;
  source: { kind: string };
}

export interface WallStream {
  id: string;
  name: string;
  latestSession: {
    id: string;
    state: SessionState;
    summary: { coverage: number; dropped: Dropped[] };
  } | null;
}

export type WallFace = Pick<Face, 'track' | 'expression' | 'confidence'>;

export interface WallMoment {
  sessionId: string;
  faces: WallFace[];
}

export interface Track {
  track: number;
  firstSeen: number;
  lastSeen: number;
  readings: number;
}

/** Frames that were not scored. */
export interface Dropped {
  reason: string;
  frames: number;
}

export interface Summary {
  frames: number;
  faces: number;
  abstained: number;
  /** The share of the time that passed for which moments stand. */
  coverage: number;
  seconds: number;
  tracks: number;
  valence: number | null;
  arousal: number | null;
  quality: number | null;
  expressions: { expression: Expression; share: number; seconds: number }[];
  dropped: Dropped[];
}

export interface SessionWithSummary {
  id: string;
  state: SessionState;
  failure: string | null;
  stream: { loop: boolean };
  summary: Summary;
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
