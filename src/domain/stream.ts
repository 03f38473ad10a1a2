/** Streams as they are registered, and sessions: the runs of a stream. */
import type { Tags } from './access.ts';
import type { DetectSize } from './detect-size.ts';
import type { FrameSize, FrameTiming, SourceInput } from './frame.ts';

/** What a stream may be analysed for. */
export const PURPOSES = [
  'RESEARCH',
  'MEDIA_ANALYTICS',
  'ACCESSIBILITY',
  'ENTERTAINMENT',
  'MEDICAL',
  'SAFETY',
  'WORKPLACE',
  'EDUCATION',
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a stream's smoothing is where nobody says: the time in which an expression unfolds; in milliseconds. */
export const DEFAULT_SMOOTHING = 250;
export const MAX_SMOOTHING = 10_000;
/** Hours for which a stream's recordings may be kept at most, and deleted then: a hundred years. */
export const MAX_RETENTION = 876_000;
/** Which streams keep their frame rate the longest where there is not the time for all. */
export const PRIORITIES = ['LOW', 'NORMAL', 'HIGH'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface StreamRecord {
  id: string;
  name: string;
  source: SourceInput;
  /** One of PURPOSES. */
  purpose: string;
  /** Frames scored per second of media time, at most. */
  frameRate: number;
  priority: Priority;
  /** Which of its frames are scored; null or undefined: as `FrameTiming` says. */
  timing?: FrameTiming | null;
  /** Whether a file starts again at its end. */
  loop: boolean;
  /** Whether it is read at the pace of the clock; null: live sources are, files are not. */
  realtime: boolean | null;
  /** How large the pictures are in which faces are looked for. */
  detectSize: DetectSize;
  /** Time constant of the smoothing along a track, in milliseconds of media time, 0 to MAX_SMOOTHING; 0: each frame by itself. */
  smoothing: number;
  /** To find it by, and to say who may see it. */
  tags: Tags;
  /** Hours after which what was recorded from it is deleted; null: as the server says. */
  retention: number | null;
  /** Whether those who may see it may look at its picture while it runs; undefined: not. */
  preview?: boolean;
  /** Whether it should be running: started and neither stopped nor ended. */
  shouldRun: boolean;
  createdAt: Date;
}

/** Whether frames are dropped rather than waited for. @param live whether its source is; null: not known, it goes by what may be */
export function runsInRealTime(
  { realtime, source }: Pick<StreamRecord, 'realtime' | 'source'>,
  live: boolean | null,
): boolean {
  return live === true || (realtime ?? live ?? mayBeLive(source));
}

/** As far as is known before it is opened. */
export function mayBeLive({ type }: SourceInput): boolean {
  return type === 'url' || type === 'device' || type === 'push';
}

/** What can be changed of a stream that is registered; what is left out stays. */
export type StreamChange = Partial<
  Pick<
    StreamRecord,
    | 'name'
    | 'frameRate'
    | 'priority'
    | 'timing'
    | 'loop'
    | 'detectSize'
    | 'smoothing'
    | 'tags'
    | 'retention'
    | 'preview'
  >
>;
/** Settings that a session keeps as they were when it began. */
export const SESSION_SETTINGS = ['frameRate', 'timing', 'loop', 'detectSize', 'smoothing'] as const;
export type SessionSetting = (typeof SESSION_SETTINGS)[number];
export type SessionSettings = Required<Pick<StreamRecord, SessionSetting>>;

export function sessionSettings({
  frameRate,
  timing,
  loop,
  detectSize,
  smoothing,
}: StreamRecord): SessionSettings {
  return { frameRate, timing: timing ?? null, loop, detectSize, smoothing };
}

export const SESSION_STATES = [
  ...(['STARTING', 'RUNNING', 'RECONNECTING'] as const),
  ...(['ENDED', 'FAILED', 'INTERRUPTED'] as const),
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export const LIVE_STATES: readonly SessionState[] = ['STARTING', 'RUNNING', 'RECONNECTING'];
/** States after which the stream is not to be started again by itself; INTERRUPTED, it is. */
export const LASTING_STATES: readonly SessionState[] = ['ENDED', 'FAILED'];

/** What comes to be known with a state; what is undefined stays as it was. */
export interface StateDetails {
  /** Why there is no more, or nothing for now; null: nothing is amiss. */
  failure?: string | null | undefined;
  /** Of the session's frames. */
  frame?: FrameSize | undefined;
  /** Side of the smallest face that can be found in them, in pixels of the source's own picture. */
  smallestFace?: number | undefined;
}

export interface SessionRecord {
  id: string;
  streamId: string;
  state: SessionState;
  failure: string | null;
  modelId: string;
  startedAt: Date;
  /** Null while its state is one of LIVE_STATES. */
  endedAt: Date | null;
}

/** What people say of a session: a name for it, what they noted, and the tags that it has besides those of its stream. */
export interface SessionWords {
  label: string | null;
  notes: string | null;
  tags: Tags;
}

/** Whether more may come of a session. */
export function isLive({ state }: Pick<SessionRecord, 'state'>): boolean {
  return LIVE_STATES.includes(state);
}
