/** Streams as they are registered, and sessions: the runs of a stream. */
import type { FrameSize, SourceInput } from './frame.ts';

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

export interface StreamRecord {
  id: string;
  name: string;
  source: SourceInput;
  /** One of PURPOSES. */
  purpose: string;
  /** Frames scored per second of media time, at most. */
  frameRate: number;
  /** Whether a file starts again at its end. */
  loop: boolean;
  /** Whether it is read at the pace of the clock; null: live sources are, files are not. */
  realtime: boolean | null;
  /** Whether it should be running: started and neither stopped nor ended. */
  shouldRun: boolean;
  createdAt: Date;
}

export type SessionState = 'STARTING' | 'RUNNING' | 'RECONNECTING' | 'ENDED' | 'FAILED' | 'INTERRUPTED';

export const LIVE_STATES: readonly SessionState[] = ['STARTING', 'RUNNING', 'RECONNECTING'];

/** What comes to be known with a state; what is undefined stays as it was. */
export interface StateDetails {
  /** Why there is no more, or nothing for now; null: nothing is amiss. */
  failure?: string | null | undefined;
  /** Of the session's frames. */
  frame?: FrameSize | undefined;
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

/** Whether more may come of a session. */
export function isLive({ state }: Pick<SessionRecord, 'state'>): boolean {
  return LIVE_STATES.includes(state);
}
