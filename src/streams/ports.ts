/**
 * What `streams` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; `main` hands them over.
 */
import type { RawReading } from '../domain/face.ts';
import type { DropCounts, Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import type { Episode, EpisodeEvent, Moment, Rollup, SessionState } from '../domain/moment.ts';

/** ingest: looks at a source without decoding it. Throws SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED, FFMPEG_MISSING. */
export type Probe = (source: SourceInput, signal: AbortSignal) => Promise<SourceInfo>;

export interface DecodeOptions {
  /** Frames per second of media time; a source with fewer gives all it has. */
  frameRate: number;
  /** At the pace of the clock, newest frame kept and older ones dropped as `busy`; false: as fast as they are read. */
  realtime: boolean;
  /** Files only: start again at the end; media time goes on. */
  loop: boolean;
  signal: AbortSignal;
}

/** ingest: frames until the source ends (the iterable finishes), fails (it throws MienError), or `signal` aborts (it finishes). */
export type Decode = (source: SourceInput, info: SourceInfo, options: DecodeOptions) => AsyncIterable<Frame>;

/** vision: the faces of one stream, frame by frame. */
export interface FaceAnalyser {
  /**
   * Takes the frame's pixels over (their buffer is transferred, and detached here).
   * Rejects with WorkerLost when the worker died; the frame then counts as dropped, the next call works again.
   */
  analyse(frame: Frame): Promise<RawReading[]>;
  close(): Promise<void>;
}
export type OpenAnalyser = (sessionId: string) => FaceAnalyser;

/** timeline: one session's readings become moments and episodes. Pure but for its own state. */
export interface SessionTimeline {
  push(input: {
    seq: number;
    mediaTime: number;
    wallTime: number;
    dropped: DropCounts;
    faces: RawReading[];
  }): { moment: Moment; events: EpisodeEvent[] };
  /** Closes the open episodes. */
  finish(): EpisodeEvent[];
}
export type OpenTimeline = (sessionId: string) => SessionTimeline;
export type RollUp = (moments: readonly Moment[]) => Rollup[];

/** store: the group-committing writer. */
export interface MomentSink {
  /** Resolves once committed. Rejects with STORE_UNAVAILABLE when the bounded buffer is full. Safe to repeat. */
  append(moment: Moment, events: readonly EpisodeEvent[]): Promise<void>;
}

export interface StreamRecord {
  id: string;
  name: string;
  source: SourceInput;
  purpose: string;
  frameRate: number;
  loop: boolean;
  realtime: boolean | null;
  /** Whether it should be running: started and neither stopped nor ended. */
  wanted: boolean;
  createdAt: Date;
}

export interface SessionRecord {
  id: string;
  streamId: string;
  state: SessionState;
  failure: string | null;
  modelId: string;
  startedAt: Date;
  endedAt: Date | null;
}

export interface SessionBook {
  create(input: { streamId: string; modelId: string }): Promise<SessionRecord>;
  setState(id: string, state: SessionState, failure?: string | null): Promise<SessionRecord>;
  /** Sessions that a crash left in a live state become INTERRUPTED. Returns them. */
  interruptLive(): Promise<SessionRecord[]>;
}

/** bus: what happened, after it is committed. */
export interface Publisher {
  moment(streamId: string, moment: Moment): void;
  status(streamId: string, session: SessionRecord): void;
  episode(streamId: string, event: EpisodeEvent): void;
}

export type { Episode };
