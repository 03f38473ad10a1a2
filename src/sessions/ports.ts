/**
 * What `sessions` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; the composition root hands them over.
 */
import type { DecodeOptions } from '../domain/decode-options.ts';
import type { FrameReadings, RawReading } from '../domain/face.ts';
import type {
  DropCounts,
  DropMeasure,
  Frame,
  FrameSize,
  LoopPlace,
  SourceInfo,
  SourceInput,
} from '../domain/frame.ts';
import type { Episode, EpisodeEvent, Moment } from '../domain/moment.ts';
import type {
  SessionRecord,
  SessionSettings,
  SessionState,
  SessionWords,
  StateDetails,
  StreamChange,
  StreamRecord,
} from '../domain/stream.ts';

/** ingest: looks at a source without decoding it. Throws SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED, FFMPEG_MISSING. */
export type Probe = (source: SourceInput, signal: AbortSignal) => Promise<SourceInfo>;

/** A source that is being decoded. */
export interface RunningSource {
  info: SourceInfo;
  frames: AsyncIterable<Frame>;
  /**
   * From now on at most so many frames a second of media time, from 0.2 to the rate that it was opened with, as early on their
   * way as can be. Those that are left out count as dropped because `busy`, with the frame after them. Only in real time: a
   * recording that is waited for keeps all its frames.
   */
  setFrameRate(framesPerSecond: number): void;
}

/**
 * ingest: probes and decodes. The frames end when the source does (the iterable finishes), when it fails or sends nothing for
 * too long (it throws MienError), and when `signal` aborts (it finishes). Decoding goes on until they are returned. Throws as
 * `Probe` does, and the reason of `signal` when that aborts before the first frame.
 */
export type OpenSource = (source: SourceInput, options: DecodeOptions) => Promise<RunningSource>;

/** vision: the faces of one stream, frame by frame. */
export interface FaceAnalyser {
  /**
   * Takes the frame's pixels over (their buffer is transferred, and detached here); shared memory is read until
   * the answer. Rejects with an error named `WorkerLost` when the worker died; the frame then counts as dropped, the next
   * call works again. The next frame may be given before this one is answered.
   */
  analyse(frame: Frame): Promise<FrameReadings>;
  /** Side in pixels of the smallest face that can be found in frames of this size. */
  smallestFace(frame: FrameSize): number;
  close(): Promise<void>;
}
/** `realtime`: frames are given one at a time, as they come; false by default: some ahead. */
export type OpenAnalyser = (sessionId: string, realtime?: boolean) => FaceAnalyser;

/** timeline: one session's readings become moments and episodes. Pure but for its own state. */
export interface SessionTimeline {
  push(input: {
    seq: number;
    mediaTime: number;
    wallTime: number;
    loop?: LoopPlace | undefined;
    /** Where the recording ends, in seconds of media time; null: not known. */
    end?: number | null;
    dropped: DropCounts;
    faces: RawReading[];
    cut?: boolean;
  }): { moment: Moment; events: EpisodeEvent[] };
  /** Closes the open episodes. */
  finish(): EpisodeEvent[];
  /** Frames that the source did not give behind the newest moment; `dropped`: those that it gave. @param end seconds */
  missingUntil(end: number, dropped: DropCounts): number;
  /** Open episodes that began before are not told of any more. @param until seconds */
  forget?(until: number): void;
}
export interface TimelineSettings {
  /** Time constant in milliseconds of media time; 0: none. */
  smoothing: number;
  /** Of the stream, in frames per second of media time. */
  frameRate: number;
}
export type OpenTimeline = (sessionId: string, settings: TimelineSettings) => SessionTimeline;

/** preview: the pictures of one session, for those who look at them. */
export interface SessionPictures {
  /** To be called before its pixels are handed on, and what it gives with the moment that it became. Null: nobody looks. */
  take(frame: Frame): ShowMoment | null;
  close(): void;
}
export type ShowMoment = (moment: Pick<Moment, 'seq' | 'mediaTime'>) => void;
export type OpenPictures = (sessionId: string) => SessionPictures;

/** store: the group-committing writer. */
export interface MomentSink {
  /**
   * Resolves once committed, in the order of the calls. Safe to repeat. Rejects with STORE_UNAVAILABLE when the
   * bounded buffer is full: at once, never after it has accepted the moment. It takes none of a session whose `seq` is
   * behind one that it has rejected, until that one is offered again: what it holds of a session has no hole.
   * @param previous the moment before it in its session; undefined of the first
   * @returns where it stands in the order of all commits
   */
  append(moment: Moment, events: readonly EpisodeEvent[], previous?: Moment): Promise<number>;
  /**
   * The end of a session, after its last moment: the events that close its episodes, the frames dropped since the last
   * moment, and where the source ended in seconds of media time (for the summary); null: with the last moment. Called
   * once, and only where there is something to tell.
   */
  finish(
    sessionId: string,
    events: readonly EpisodeEvent[],
    dropped: DropCounts,
    end: number | null,
  ): Promise<number>;
}

/** store: the registered streams. */
export interface StreamRepository {
  /**
   * With `shouldRun` it waits for this server, as what is held does.
   * @param isTaken told those of this name, while nobody else creates one
   * @returns null where it is taken
   */
  createUnless(
    input: Omit<StreamRecord, 'id' | 'createdAt'>,
    isTaken: (namesakes: StreamRecord[]) => boolean,
  ): Promise<StreamRecord | null>;
  get(id: string): Promise<StreamRecord | null>;
  byName(name: string): Promise<StreamRecord[]>;
  /** Those that have no live session, and wait for no other server; in the order of registration. */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** They wait for this server, until they are started or it is gone. */
  hold(ids: readonly string[]): Promise<void>;
  /**
   * How many streams fall to this server, if all that should run are shared out evenly; Infinity: it is alone; null: nobody else
   * can have the database open.
   */
  share(): Promise<number | null>;
  /** Those whose source is this upload. */
  byUpload(token: string): Promise<StreamRecord[]>;
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** @throws MienError NOT_FOUND */
  update(id: string, change: StreamChange): Promise<StreamRecord>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. */
  countCrash(id: string): Promise<number>;
  /** How many so far; 0 when the stream is gone. */
  crashesOf(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
  /** With all that was recorded from it. */
  remove(id: string): Promise<void>;
}

/** store: the sessions. */
export interface SessionRepository {
  /**
   * In the state STARTING, with the tags of its stream, which should run from now on, and with its own. Throws CONFLICT when
   * another one of the stream is live, whichever server runs it, and with `again`, when the stream should not run any more.
   */
  create(input: {
    streamId: string;
    modelId: string;
    settings?: SessionSettings;
    words?: Partial<SessionWords>;
    again?: boolean;
  }): Promise<SessionRecord>;
  /**
   * The final states (ENDED, FAILED, INTERRUPTED) also set `endedAt`; after ENDED and FAILED the stream should not run any
   * more. Throws NOT_FOUND when the session was removed, CONFLICT when another server has taken it over, STORE_UNAVAILABLE when the store is away: it may be called again
   * then. It refuses for good what it throws anything else for.
   */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Live sessions whose server is gone are this one's from now on. Returns all that are, oldest first. */
  adopt(): Promise<SessionRecord[]>;
  /** Of a live session: the server that runs it, and whether that is gone, by the clock of the database. */
  runner(id: string): Promise<{ server: string | null; isGone: boolean } | null>;
  /** A live session whose server is gone is this one's from now on, also where this one runs none. Returns whether it is. */
  takeAbandoned(id: string): Promise<boolean>;
  /** Live ones of this server whose streams should not run any more. */
  unwanted(): Promise<SessionRecord[]>;
  /** Of these, those of this server that are in a live state become INTERRUPTED. Returns all that are: it may be asked again. */
  interruptLive(ids: readonly string[], failure: string): Promise<SessionRecord[]>;
  /** Episodes of these that were told of and are open, as they are closed when one becomes INTERRUPTED. */
  openEpisodes(ids: readonly string[]): Promise<Episode[]>;
  get(id: string): Promise<SessionRecord | null>;
  /** With what the live session of a stream was begun, wherever it runs; null: there is none, or that is not known. */
  begunWith(streamId: string): Promise<SessionSettings | null>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
}

/** bus: what happened, after it is committed. */
export interface Publisher {
  /** @param position where it stands in the order of all commits */
  moment(streamId: string, moment: Moment, position: number): void;
  /** @param sameState the state is the one told before: something else that is told with it has changed */
  status(streamId: string, session: SessionRecord, sameState?: boolean): void;
  episode(streamId: string, event: EpisodeEvent, position: number): void;
  /** The stream is gone, with its sessions: those who wait for it need not. */
  removed(streamId: string): void;
}

/** Measurements, as they happen. */
export interface Meter {
  decoded(frames: number): void;
  scored(frames: number): void;
  /** Frames that were not scored. */
  dropped(counts: DropMeasure): void;
}
