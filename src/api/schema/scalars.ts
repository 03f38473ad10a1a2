/** Scalars, enums and drop counts that several types use. */
import { GraphQLError, GraphQLScalarType, type ValueNode } from 'graphql';
import { DateTimeResolver } from 'graphql-scalars';
import type { DropCounts } from '../../domain/frame.ts';
import type { SessionState } from '../../domain/stream.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';

/** PostgreSQL has no year 0, and an ISO string of more than four digits of year is none of RFC 3339. */
function storable(time: Date): Date {
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9999) return time;
  throw new GraphQLError('A `DateTime` must lie in the years 1 to 9999, in UTC.');
}

const DateTime = new GraphQLScalarType({
  ...DateTimeResolver.toConfig(),
  parseValue: (value) => storable(DateTimeResolver.parseValue(value)),
  parseLiteral: (node: ValueNode) => storable(DateTimeResolver.parseLiteral(node)),
});

builder.addScalarType('DateTime', DateTime, {
  description: 'A point in time, RFC 3339, in UTC: `2026-11-24T09:30:00.000Z`. Of the years 1 to 9999.',
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
  values: describedValues(STATE_DESCRIPTIONS),
});

const REASON_DESCRIPTIONS = {
  BUSY: 'There was not the time for it: a newer frame took its place, or it was left out because its stream is scored less often for now (in real time only).',
  WORKER: 'It was being scored when its thread died, which was replaced, or when scoring failed.',
  STORE: 'The database was away for too long.',
  SOURCE:
    'The source gave none when one was due: it paused or was lost, as a camera that is opened again. Counted are the frames that would have come in that time at its usual interval, also behind the last moment of a session that was stopped while its source was away.',
} as const;

export const DropReasonEnum = builder.enumType('DropReason', {
  description: 'Why a frame was not scored.',
  values: describedValues(REASON_DESCRIPTIONS),
});

interface DroppedFrames {
  reason: keyof typeof REASON_DESCRIPTIONS;
  frames: number;
}

export const DroppedFramesType = builder.objectRef<DroppedFrames>('DroppedFrames').implement({
  extensions: AS_PARENT,
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
