/**
 * What `sessions` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; the composition root hands them over.
 */
import type { RawReading } from '../domain/face.ts';
import type { DropCounts, Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { SessionRecord, SessionState, StateDetails, StreamRecord } from '../domain/stream.ts';

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

/**
 * ingest: probes and decodes. The frames end when the source does (the iterable finishes), when it fails or sends nothing for
 * too long (it throws MienError), and when `signal` aborts (it finishes). Decoding goes on until they are returned. Throws as
 * `Probe` does, and the reason of `signal` when that aborts before the first frame.
 */
export type OpenSource = (
  source: SourceInput,
  options: DecodeOptions,
) => Promise<{ info: SourceInfo; frames: AsyncIterable<Frame> }>;

/** vision: the faces of one stream, frame by frame. */
export interface FaceAnalyser {
  /**
   * Takes the frame's pixels over (their buffer is transferred, and detached here); shared memory is read until
   * the answer. Rejects with an error named `WorkerLost` when the worker died; the frame then counts as dropped, the next
   * call works again. The next frame may be given before this one is answered.
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

/** store: the group-committing writer. */
export interface MomentSink {
  /**
   * Resolves once committed, in the order of the calls. Safe to repeat. Rejects with STORE_UNAVAILABLE when the
   * bounded buffer is full: at once, never after it has accepted the moment.
   */
  append(moment: Moment, events: readonly EpisodeEvent[]): Promise<void>;
  /**
   * The end of a session, after its last moment: the events that close its episodes, and the frames dropped
   * since the last moment (for the summary). Called once, and only where there is something to tell.
   */
  finish?(sessionId: string, events: readonly EpisodeEvent[], dropped: DropCounts): Promise<void>;
}

/** store: the registered streams. */
export interface StreamRepository {
  create(input: Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'>): Promise<StreamRecord>;
  get(id: string): Promise<StreamRecord | null>;
  byName(name: string): Promise<StreamRecord[]>;
  /** In the order of registration. */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** Those whose source is this upload. */
  byUpload(token: string): Promise<StreamRecord[]>;
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. */
  countCrash(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
  /** With all that was recorded from it. */
  remove(id: string): Promise<void>;
}

/** store: the sessions. */
export interface SessionRepository {
  /** In the state STARTING. */
  create(input: { streamId: string; modelId: string }): Promise<SessionRecord>;
  /** The final states (ENDED, FAILED, INTERRUPTED) also set `endedAt`. */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Of these, those that are in a live state, where a crash left them, become INTERRUPTED. Returns them. */
  interruptLive(ids: readonly string[]): Promise<SessionRecord[]>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state. */
  live(): Promise<SessionRecord[]>;
}

/** bus: what happened, after it is committed. */
export interface Publisher {
  moment(streamId: string, moment: Moment): void;
  status(streamId: string, session: SessionRecord): void;
  episode(streamId: string, event: EpisodeEvent): void;
  /** The stream is gone, with its sessions: those who wait for it need not. */
  removed(streamId: string): void;
}

/** Uploaded files. */
export interface UploadStore {
  /** A stream uses it from now on. */
  take(token: string): Promise<void>;
  /** No stream uses it any more. */
  release(token: string): Promise<void>;
}

/** Measurements, as they happen. */
export interface Meter {
  decoded(frames: number): void;
  scored(frames: number): void;
  dropped(counts: DropCounts): void;
}
