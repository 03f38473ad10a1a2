/**
 * Cuts sessions into the stretches that are summed up, in whole seconds of media time, for which rollups are exact:
 *
 * 1. what of a session lies in the range that is asked for;
 * 2. of that, what lies in each day or hour;
 * 3. of that, what lies in each bucket, where buckets do not begin at multiples of their length.
 *
 * A second that a border between days, hours or buckets by the wall clock cuts belongs to the one in which it begins.
 */
import type { Period, SessionsAggregateOptions } from '../../../domain/sessions-aggregate.ts';
import type { Range } from '../elapsed.ts';
import type { CutAt } from './cuts.ts';
import { assertTimeZone, createPeriods, type PeriodsBetween } from './periods.ts';
import type { SessionTimes } from './times.ts';

/** What of one session goes into one group. */
export interface Stretch {
  /** Which session, by its place. */
  session: number;
  period: Period | null;
  /** Whole seconds of media time, `to` excluded; infinite where it reaches to the end of the session. */
  from: number;
  to: number;
  /** Whether it is all of its session. */
  isWhole: boolean;
  /** Whether frames that were dropped behind the last moment belong to it. */
  holdsEnd: boolean;
  /** By their numbers, counted from where they are aligned; null: they begin at multiples of their length, or there are none. */
  buckets: ReadonlyMap<number, BucketCut> | null;
}

export interface BucketCut {
  from: number;
  to: number;
}

export interface Cutter {
  /** How many borders there are, at most. */
  countBorders(times: SessionTimes): number;
  /** Where a session is to be cut by the wall clock, in milliseconds since the epoch. */
  bordersOf(times: SessionTimes): number[];
  /** @param asked what of the session is asked for, in whole seconds of media time; undefined: all of it */
  cut(times: SessionTimes, session: number, cutAt: CutAt, asked: readonly Range[] | undefined): Stretch[];
}

/** @throws MienError BAD_INPUT */
export function createCutter({ groupBy, bucket, timeZone }: SessionsAggregateOptions): Cutter {
  const units = groupBy.map(({ by }) => by);
  const unit = units.includes('HOUR') ? 'HOUR' : units.includes('DAY') ? 'DAY' : null;
  assertTimeZone(timeZone);
  const periods = unit === null ? null : createPeriods(unit, timeZone);
  const wallBuckets = bucket?.align.at === 'WALL' ? bucket.seconds * 1000 : null;
  return {
    countBorders: ({ wall: { start, end } }) =>
      (unit === null ? 0 : (end - start) / PERIOD_MS[unit] + 2) +
      (wallBuckets === null ? 0 : (end - start) / wallBuckets + 1),
    bordersOf({ source, wall }) {
      if (source === null) return [];
      const ofPeriods = periods?.(wall.start, wall.end).map(({ start }) => start) ?? [];
      const ofBuckets =
        wallBuckets === null ? [] : indicesIn(wall, wallBuckets).map((index) => index * wallBuckets);
      return [...new Set([...ofPeriods, ...ofBuckets])];
    },
    cut(times, session, cutAt, asked) {
      const ranges = asked?.filter((range) => hasTime(times, range)) ?? [ALL];
      const parts = ranges.flatMap((range) => byPeriod(range, times, periods, cutAt));
      return parts.map(({ start, end, period }, at): Stretch => {
        const buckets = wallBuckets === null ? null : cutBuckets({ start, end }, times, wallBuckets, cutAt);
        const holdsEnd = asked === undefined && at === parts.length - 1;
        return { session, period, from: start, to: end, isWhole: holdsEnd && at === 0, holdsEnd, buckets };
      });
    },
  };
}

/** About. */
const PERIOD_MS = { DAY: 86_400_000, HOUR: 3_600_000 };

const ALL: Range = { start: 0, end: Number.POSITIVE_INFINITY };

function hasTime({ source }: SessionTimes, { start, end }: Range): boolean {
  return source !== null && Math.max(start, source.start) < Math.min(end, source.end);
}

function byPeriod(
  { start, end }: Range,
  { wall }: SessionTimes,
  periodsBetween: PeriodsBetween | null,
  cutAt: CutAt,
): (Range & { period: Period | null })[] {
  if (periodsBetween === null) return [{ start, end, period: null }];
  const periods = periodsBetween(wall.start, wall.end);
  return periods
    .map((period, at) => ({
      // Before the first and behind the last there is nothing.
      start: at === 0 ? start : Math.max(start, cutAt(period.start)),
      end: at === periods.length - 1 ? end : Math.min(end, cutAt(period.end)),
      period,
    }))
    .filter((part) => part.start < part.end);
}

function cutBuckets(
  { start, end }: Range,
  { source, wall }: SessionTimes,
  length: number,
  cutAt: CutAt,
): Map<number, BucketCut> {
  if (source === null) return new Map();
  const indices = indicesIn(wall, length);
  const cuts = indices.map((index, at): [number, BucketCut] => [
    index,
    {
      from: at === 0 ? start : Math.max(start, cutAt(index * length)),
      to: at === indices.length - 1 ? end : Math.min(end, cutAt((index + 1) * length)),
    },
  ]);
  return new Map(cuts.filter(([, { from, to }]) => from < to));
}

/** Of the buckets of a length, by their numbers since the epoch, that a stretch of time touches. */
function indicesIn({ start, end }: Range, length: number): number[] {
  const first = Math.floor(start / length);
  return Array.from({ length: Math.floor(end / length) - first + 1 }, (_, at) => first + at);
}
