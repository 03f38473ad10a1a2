/** A stretch of time, as a client asks for it: by the source's own time, or by the clock on the wall. */
import type { TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import { builder } from './builder.ts';

const EITHER = '`from` is part of it, `to` is not; without one of them it is open at that end.';

const MediaRangeInput = builder.inputType('MediaRangeInput', {
  description: `A stretch of media time, in seconds since the source’s own start. ${EITHER}`,
  fields: (t) => ({
    from: t.float({ description: 'Where it begins: 0 or more seconds.' }),
    to: t.float({ description: 'Where it ends, in seconds: greater than `from`.' }),
  }),
});

const WallRangeInput = builder.inputType('WallRangeInput', {
  description: `A stretch of time by the clock of the server that scored the frames. ${EITHER}`,
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'When it begins.' }),
    to: t.field({ type: 'DateTime', description: 'When it ends: later than `from`.' }),
  }),
});

export const RangeInput = builder.inputType('RangeInput', {
  description:
    'A stretch of time: exactly one of these. `BAD_INPUT` where it ends before it begins, or holds nothing.',
  isOneOf: true,
  fields: (t) => ({
    media: t.field({ type: MediaRangeInput, description: 'By media time.' }),
    wall: t.field({ type: WallRangeInput, description: 'By the wall clock.' }),
  }),
});

/**
 * @param name what the client calls it, for the sentence
 * @returns undefined: all of the time
 * @throws MienError BAD_INPUT
 */
export function toTimeRange(
  range: typeof RangeInput.$inferInput | null | undefined,
  name = 'range',
): TimeRange | undefined {
  if (range == null) return undefined;
  if (range.media != null) return toMediaRange(range.media, `${name}.media`);
  if (range.wall != null) return toWallRange(range.wall, `${name}.wall`);
  throw new MienError('BAD_INPUT', `Give either \`media\` or \`wall\` in \`${name}\`, or leave it out.`);
}

function toMediaRange({ from, to }: typeof MediaRangeInput.$inferInput, name: string): TimeRange {
  for (const [end, seconds] of Object.entries({ from, to })) {
    if (seconds == null || (Number.isFinite(seconds) && seconds >= 0)) continue;
    throw new MienError('BAD_INPUT', `\`${name}.${end}\` must be a number of seconds, 0 or more.`);
  }
  return assertHoldsTime({ clock: 'MEDIA', from: from ?? 0, to: to ?? Infinity }, name);
}

function toWallRange({ from, to }: typeof WallRangeInput.$inferInput, name: string): TimeRange {
  const [start, end] = [from?.getTime() ?? -Infinity, to?.getTime() ?? Infinity];
  return assertHoldsTime({ clock: 'WALL', from: start, to: end }, name);
}

function assertHoldsTime(range: TimeRange, name: string): TimeRange {
  if (range.from < range.to) return range;
  throw new MienError(
    'BAD_INPUT',
    `\`${name}.to\` must be ${range.clock === 'WALL' ? 'later' : 'greater'} than \`${name}.from\`: what is at \`to\` is not part of it.`,
  );
}
