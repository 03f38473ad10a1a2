/**
 * What `streams` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; `main` hands them over.
 */
import type { RawReading } from '../domain/face.ts';
import type { DropCounts, Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import type { LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { EpisodeEvent, Moment, Rollup } from '../domain/moment.ts';
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

/** ingest: frames until the source ends (the iterable finishes), fails (it throws MienError), or `signal` aborts (it finishes). */
export type Decode = (source: SourceInput, info: SourceInfo, options: DecodeOptions) => AsyncIterable<Frame>;

/** ingest: what `Probe` and then `Decode` do. The frames are decoded until they are returned, or `signal` aborts. */
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
export type RollUp = (moments: readonly Moment[]) => Rollup[];

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

/** store: what was committed, for those who resume. */
export interface MomentHistory {
  /** Moments of a session with a greater `seq` than `after`, ascending, at most `limit`. */
  page(sessionId: string, after: number, limit: number): Promise<Moment[]>;
  /**
   * `oldest`: the least `seq` that is still stored; null without any. `newest`: the greatest that was ever
   * committed, also when retention has since deleted it; -1 without any.
   */
  extent(sessionId: string): Promise<{ oldest: number | null; newest: number }>;
}

/** store: the registered streams. */
export interface StreamBook {
  create(input: Omit<StreamRecord, 'id' | 'createdAt' | 'wanted'>): Promise<StreamRecord>;
  get(id: string): Promise<StreamRecord | null>;
  byName(name: string): Promise<StreamRecord[]>;
  wanted(): Promise<StreamRecord[]>;
  /** Those whose source is this upload. */
  byUpload(token: string): Promise<StreamRecord[]>;
  setWanted(id: string, wanted: boolean): Promise<void>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. */
  countBoot(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgiveBoots(id: string): Promise<void>;
  /** With all that was recorded from it. */
  remove(id: string): Promise<void>;
}

/** store: the sessions. */
export interface SessionBook {
  /** In the state STARTING. */
  create(input: { streamId: string; modelId: string }): Promise<SessionRecord>;
  /** The final states (ENDED, FAILED, INTERRUPTED) also set `endedAt`. */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Of these, those that are in a live state, where a crash left them, become INTERRUPTED. Returns them. */
  interruptLive(ids: readonly string[]): Promise<SessionRecord[]>;
}

/** store: the sessions as subscribers look for them. */
export interface SessionIndex {
  get(id: string): Promise<SessionRecord | null>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state; of one stream or of all. */
  live(streamId?: string): Promise<SessionRecord[]>;
  /** Those with `startedAt` at or after `time`, by `startedAt`, then by id; of one stream or of all. */
  startedSince(time: Date, streamId?: string): Promise<SessionRecord[]>;
}

/** bus: what happened, after it is committed. */
export interface Publisher {
  moment(streamId: string, moment: Moment): void;
  status(streamId: string, session: SessionRecord): void;
  episode(streamId: string, event: EpisodeEvent): void;
  /** The stream is gone, with its sessions: those who wait for it need not. */
  removed(streamId: string): void;
}

/** bus: a subscriber's own bounded queue; the oldest events are dropped when it is full. */
export interface Queue<Event> {
  /** The next event, with the number of those dropped before it; null once the queue was closed. */
  take(): Promise<{ event: Event; skippedBefore: number } | null>;
  close(): void;
}

export interface FollowOptions<Event> {
  capacity: number;
  onDrop?: ((event: Event) => void) | undefined;
}

/** bus: the other half. Events of several kinds share a queue, in the order of publication. */
export interface LiveFeed {
  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options: FollowOptions<LiveEventOf<Kind>>,
  ): Queue<LiveEventOf<Kind>>;
}

/** Where uploaded files lie. */
export interface Uploads {
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
