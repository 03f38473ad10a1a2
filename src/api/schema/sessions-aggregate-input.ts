/** How sessions are to be grouped, and where buckets are to begin. */
import { z } from 'zod';
import { isMarkerName } from '../../domain/marker.ts';
import type {
  Alignment,
  Grouping,
  SessionsAggregateOptions,
  Trials,
} from '../../domain/sessions-aggregate.ts';
import { faultOfTags } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';
import { type ArgBuilder, builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { MARKER_NAME } from './marker.ts';

/** A year, in seconds: no session is longer, and all numbers stay exact. */
export const MAX_BUCKET = 31_622_400;

/** Most things that groups have in common. */
const MAX_GROUPINGS = 5;

const GROUP_BY: Record<Grouping['by'], string> = {
  STREAM: 'Its stream.',
  SESSION: 'Itself: each session is a group.',
  TAG: 'The value of its tag `key`; sessions without it are a group of their own.',
  DAY: 'The day by the wall clock, in `timeZone`. A session that lasts over midnight is in both days, each with its part; one during which the clock was set forward, in those that it showed. Where it was set back, what follows stays in the day in which that was, until the clock has come as far again; of a `range` by the wall clock each stretch counts.',
  HOUR: 'The hour by the wall clock, in `timeZone`; a session that lasts longer is in several, each with its part. Of a clock that was set as with `DAY`.',
};

const ALIGN_AT: Record<Alignment['at'], string> = {
  START: 'Second 0 of each session’s media time, where its source began.',
  MARKER:
    'A marker of each session: buckets before it are negative. Where it is set several times in one session, each is a trial, and trials are laid over each other. Buckets begin exactly there, not at whole seconds.',
  WALL: '1970-01-01T00:00:00Z by the wall clock: buckets begin at multiples of their length since then, in UTC. Of a clock that was set as with `DAY`.',
};

const GroupByEnum = builder.enumType('AggregateGroupBy', {
  description: 'What the sessions of a group have in common.',
  values: describedValues(GROUP_BY),
});

const AlignAtEnum = builder.enumType('AggregateAlignAt', {
  description: 'Where the buckets of several sessions are laid over each other.',
  values: describedValues(ALIGN_AT),
});

export const GroupingInput = builder.inputType('AggregateGrouping', {
  description: 'One thing that the sessions of a group have in common.',
  fields: (t) => ({
    by: t.field({ type: GroupByEnum, required: true, description: 'What it is.' }),
    key: t.string({ description: 'With `TAG`, and only there: the key of the tag.' }),
  }),
});

export const AlignmentInput = builder.inputType('AggregateAlignment', {
  description: 'Where the buckets of several sessions are laid over each other.',
  fields: (t) => ({
    at: t.field({ type: AlignAtEnum, required: true, description: 'What lies at 0.' }),
    marker: t.string({ description: 'With `MARKER`, and only there: its name.' }),
    from: t.float({
      description:
        'With `MARKER`: only what lies so many seconds after it, or, negative, before it; left out: from the beginning of each session.',
    }),
    to: t.float({
      description:
        'With `MARKER`: only what lies before so many seconds after it; left out: to the end of each session.',
    }),
  }),
});

/** The arguments of whatever gives groups. */
export function groupArgs(arg: ArgBuilder) {
  return {
    groupBy: arg({
      type: [GroupingInput],
      description: `What the sessions of a group have in common, all of it, ${MAX_GROUPINGS} things at most; left out: all sessions are one group. Groups come in this order, by the first thing first: streams and sessions as their sessions began, days and hours in time, tags by their values; those without come last.`,
      validate: z
        .array(z.any())
        .max(MAX_GROUPINGS, `\`groupBy\` takes ${MAX_GROUPINGS} things at most.`)
        .nullish(),
    }),
    bucket: arg.float({
      description: `Also in buckets of so many seconds, a whole number from 1 to ${MAX_BUCKET} (a year); left out: without buckets.`,
      validate: z
        .number()
        .refine(
          (seconds) => Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_BUCKET,
          `\`bucket\` must be a whole number of seconds from 1 to ${MAX_BUCKET}: sessions are summed up second by second.`,
        )
        .nullish(),
    }),
    align: arg({
      type: AlignmentInput,
      description:
        'Where buckets begin; left out: `{ at: START }`. `START` and `WALL` need `bucket`; at a `MARKER` what lies around it is summed up without one, too.',
    }),
    timeZone: arg.string({
      defaultValue: 'UTC',
      description:
        'Whose days and hours are meant: a name of the IANA time zone database, as `Europe/Berlin`. Days on which clocks are set have 23 or 25 hours; a day begins at its first midnight, and where clocks move by half an hour, the hour ends there.',
    }),
  };
}

export interface GroupArgs {
  groupBy?: readonly (typeof GroupingInput.$inferInput)[] | null | undefined;
  bucket?: number | null | undefined;
  align?: typeof AlignmentInput.$inferInput | null | undefined;
  timeZone?: string | null | undefined;
}

/** @throws MienError BAD_INPUT */
export function toGroupOptions({
  groupBy,
  bucket,
  align,
  timeZone,
}: GroupArgs): Omit<SessionsAggregateOptions, 'range'> {
  const trials = align == null ? undefined : toTrials(align);
  if (align != null && bucket == null && trials === undefined)
    throw new MienError('BAD_INPUT', '`align` says where buckets begin: give `bucket`, too.');
  return {
    trials,
    groupBy: toGroupings(groupBy ?? []),
    bucket: bucket == null ? undefined : { seconds: bucket, align: { at: align?.at ?? 'START' } },
    timeZone: timeZone ?? 'UTC',
  };
}

/** @returns undefined: it is not aligned at a marker */
function toTrials({ at, marker, from, to }: typeof AlignmentInput.$inferInput): Trials | undefined {
  if (at !== 'MARKER') {
    if (marker == null && from == null && to == null) return undefined;
    throw new MienError(
      'BAD_INPUT',
      `\`marker\`, \`from\` and \`to\` go with \`MARKER\` only: leave them out with \`${at}\`.`,
    );
  }
  if (marker == null)
    throw new MienError('BAD_INPUT', 'Which marker is meant? Give its name as `marker` with `at: MARKER`.');
  if (!isMarkerName(marker)) throw new MienError('BAD_INPUT', `\`marker\` must have ${MARKER_NAME}.`);
  for (const [name, seconds] of Object.entries({ from, to })) {
    if (seconds == null || Math.abs(seconds) <= MAX_BUCKET) continue;
    throw new MienError(
      'BAD_INPUT',
      `\`align.${name}\` must be from -${MAX_BUCKET} to ${MAX_BUCKET} seconds.`,
    );
  }
  const trials = { marker: marker.trim(), from: from ?? -Infinity, to: to ?? Infinity };
  if (trials.from < trials.to) return trials;
  throw new MienError(
    'BAD_INPUT',
    '`align.to` must be greater than `align.from`: what is at `to` is not part of it.',
  );
}

function toGroupings(groupBy: readonly (typeof GroupingInput.$inferInput)[]): Grouping[] {
  const groupings = groupBy.map(toGrouping);
  const names = groupings.map((grouping) => JSON.stringify(grouping));
  if (new Set(names).size < names.length)
    throw new MienError('BAD_INPUT', '`groupBy` names something twice; name it once.');
  if (groupBy.some(({ by }) => by === 'DAY') && groupBy.some(({ by }) => by === 'HOUR'))
    throw new MienError('BAD_INPUT', 'Group by either `DAY` or `HOUR`: each hour tells its day.');
  return groupings;
}

function toGrouping({ by, key }: typeof GroupingInput.$inferInput): Grouping {
  if (by !== 'TAG') {
    if (key == null) return { by };
    throw new MienError('BAD_INPUT', `\`key\` goes with \`TAG\` only: leave it out with \`${by}\`.`);
  }
  if (key == null) throw new MienError('BAD_INPUT', 'Which tag is meant? Give its `key` with `by: TAG`.');
  const fault = faultOfTags([[key, 'any']]);
  if (fault !== null) throw new MienError('BAD_INPUT', fault);
  return { by, key };
}
