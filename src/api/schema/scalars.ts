/** Scalars, enums and drop counts that several types use. */
import { DateTimeResolver } from 'graphql-scalars';
import type { DropCounts } from '../../domain/frame.ts';
import type { SessionState } from '../../domain/stream.ts';
import { builder } from './builder.ts';

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A point in time, RFC 3339, in UTC: `2026-11-24T09:30:00.000Z`.',
});

const STATE_DESCRIPTIONS: Record<SessionState, string> = {
  STARTING: 'The source is being opened.',
  RUNNING: 'Frames are being scored.',
  RECONNECTING: 'The live source went silent; mien tries again, and the session goes on when it is back.',
  ENDED: 'It came to its end, or was stopped.',
  FAILED: 'It could not go on; `failure` says why.',
  INTERRUPTED: 'The server went away in the middle. All moments that anyone was shown are kept.',
};

export const SessionStateEnum = builder.enumType('SessionState', {
  description: 'Where a session is in its life.',
  values: Object.fromEntries(
    Object.entries(STATE_DESCRIPTIONS).map(([name, description]) => [name, { value: name, description }]),
  ) as Record<SessionState, { value: SessionState; description: string }>,
});

const REASON_DESCRIPTIONS = {
  BUSY: 'A newer frame took its place, because the models were busy (live sources only).',
  WORKER: 'The thread that was scoring it died, and was replaced.',
  STORE: 'The database was away for too long.',
} as const;

export const DropReasonEnum = builder.enumType('DropReason', {
  description: 'Why a frame was not scored.',
  values: Object.fromEntries(
    Object.entries(REASON_DESCRIPTIONS).map(([name, description]) => [name, { value: name, description }]),
  ) as Record<
    keyof typeof REASON_DESCRIPTIONS,
    { value: keyof typeof REASON_DESCRIPTIONS; description: string }
  >,
});

interface DroppedFrames {
  reason: keyof typeof REASON_DESCRIPTIONS;
  frames: number;
}

export const DroppedFramesType = builder.objectRef<DroppedFrames>('DroppedFrames').implement({
  description: 'How many frames were not scored for one reason.',
  fields: (t) => ({
    reason: t.field({ type: DropReasonEnum, description: 'Why.', resolve: ({ reason }) => reason }),
    frames: t.exposeInt('frames', { description: 'How many frames.' }),
  }),
});

/** Leaves out the reasons for which no frame was dropped. */
export function droppedByReason(counts: DropCounts): DroppedFrames[] {
  return Object.entries(counts)
    .filter(([, frames]) => frames > 0)
    .map(([reason, frames]) => ({ reason: reason.toUpperCase() as DroppedFrames['reason'], frames }));
}

export function totalDropped(counts: DropCounts): number {
  return Object.values(counts).reduce((sum, frames) => sum + frames, 0);
}
