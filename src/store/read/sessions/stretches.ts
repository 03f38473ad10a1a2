/**
 * Cuts sessions into the stretches that are summed up, in whole seconds of media time, for which rollups are exact, but around markers:
 *
 * 1. what of a session lies in the range that is asked for, and around each marker;
 * 2. of that, what lies in each day or hour;
 * 3. of that, what lies in each bucket, where buckets do not begin at multiples of their length.
 *
 * A second that a border between days, hours or buckets by the wall clock cuts belongs to the one in which it begins.
 */
import type { Period, SessionsAggregateOptions } from '../../../domain/sessions-aggregate.ts';
import type { Range } from '../elapsed-less-erased.ts';
import { assertTimeZone, createPeriods } from './calendar-periods.ts';
import type { SessionTimes } from './session-times.ts';
import { type BucketCut, type TrialRange, trialBuckets } from './trials.ts';
import type { CutAt } from './wall-clock-borders.ts';

/** What of one session goes into one group. */
export interface Stretch {
  /** Which session, by its place. */
  session: number;
  /** Which trial of it, from 0. */
  trial: number;
  period: Period | null;
  /** Whole seconds of media time (of a trial whole microseconds), `to` excluded; infinite where it reaches to the end of the session. */
  from: number;
  to: number;
  /** Whether it is all of its session. */
  isWhole: boolean;
  /** Whether frames that were dropped behind the last moment belong to it. */
  holdsEnd: boolean;
  /** By their numbers, counted from where they are aligned; null: they begin at multiples of their length, or there are none. */
  buckets: ReadonlyMap<number, BucketCut> | null;
}

export interface Cutter {
  /** Whether it cuts by the wall clock. */
  isByWall: boolean;
  /** How many borders there are, about. */
  countBorders(times: SessionTimes): number;
  /** Of what the wall clock divides a session into, in order. */
  divide(times: SessionTimes): Divided;
  /**
   * @param asked what of the session is asked for, in whole seconds of media time; undefined: all of it
   * @param trials what of that lies around its markers, where that is asked for
   */
  cut(
    times: SessionTimes,
    session: number,
    divided: Divided,
    cutAt: CutAt,
    asked: readonly Range[] | undefined,
    trials?: readonly TrialRange[],
  ): Stretch[];
}

/** Days or hours, and buckets; null: there are none. */
export interface Divided {
  periods: readonly Division<Period>[] | null;
  buckets: readonly Division<number>[] | null;
}

interface Division<Key> {
  key: Key;
  /** Milliseconds since the epoch. It ends where the next one begins; before the first and behind the last there is nothing. */
  start: number;
}

/** @throws MienError BAD_INPUT */
export function createCutter({ groupBy, bucket, timeZone }: SessionsAggregateOptions): Cutter {
  const units = groupBy.map(({ by }) => by);
  const unit = units.includes('HOUR') ? 'HOUR' : units.includes('DAY') ? 'DAY' : null;
  assertTimeZone(timeZone);
  const periodsBetween = unit === null ? null : createPeriods(unit, timeZone);
  const length = bucket?.align.at === 'WALL' ? bucket.seconds * 1000 : null;
  return {
    isByWall: unit !== null || length !== null,
    countBorders: ({ wall }) =>
      wall.reduce((sum, { start, end }) => {
        const ofPeriods = unit === null ? 0 : (end - start) / LONGEST_MS[unit];
        const ofBuckets = length === null ? 0 : (end - start) / length;
        return sum + Math.floor(ofPeriods) + Math.floor(ofBuckets);
      }, 0),
    divide: ({ wall }) => ({
      periods: periodsBetween && divisions(wall, periodsBetween, (key) => ({ key, start: key.start })),
      buckets:
        length === null ? null : divisions(wall, indicesIn(length), (key) => ({ key, start: key * length })),
    }),
    cut(times, session, { periods, buckets }, cutAt, asked, trials) {
      if (trials)
        return cutTrials(trials, times, session, periods && locate(periods, cutAt), bucket?.seconds);
      const ranges = asked?.filter((range) => hasTime(times, range)) ?? [ALL];
      const ofPeriods = periods === null ? [WHOLE] : locate(periods, cutAt);
      const ofBuckets = buckets && locate(buckets, cutAt);
      const parts = ranges.flatMap((range) => partsOf(range, ofPeriods));
      return parts.map(({ start, end, key: period }, at): Stretch => {
        const isLast = at === parts.length - 1;
        const holdsEnd = isLast && (asked === undefined || reachesEnd(times, end));
        const cuts = ofBuckets && bucketCuts(times, { start, end }, ofBuckets);
        return {
          ...{ session, trial: 0, period, from: start, to: end },
          ...{ isWhole: asked === undefined && isLast && at === 0, holdsEnd, buckets: cuts },
        };
      });
    },
  };
}

/** Those of a day or hour follow each other. */
function cutTrials(
  ranges: readonly TrialRange[],
  times: SessionTimes,
  session: number,
  periods: readonly Located<Period>[] | null,
  seconds: number | undefined,
): Stretch[] {
  const parts = ranges.flatMap((range) =>
    partsOf(range, periods ?? [WHOLE]).map((part) => ({ ...range, ...part, period: part.key })),
  );
  parts.sort((a, b) => (a.period?.start ?? 0) - (b.period?.start ?? 0));
  return parts.map((part) => ({
    ...{ session, trial: part.trial, period: part.period, from: part.start, to: part.end },
    ...{ isWhole: false, holdsEnd: reachesEnd(times, part.end), buckets: trialBuckets(part, seconds) },
  }));
}

/** Where sessions are to be looked into, in milliseconds since the epoch. */
export function bordersOf({ source }: SessionTimes, { periods, buckets }: Divided): number[] {
  if (source === null) return [];
  const starts = [periods, buckets].flatMap((all) => all?.slice(1).map(({ start }) => start) ?? []);
  return [...new Set(starts)];
}

/** A day on which clocks are set back has 25 hours. */
const LONGEST_MS = { DAY: 25 * 3_600_000, HOUR: 3_600_000 };

const ALL: Range = { start: 0, end: Number.POSITIVE_INFINITY };
const WHOLE = { key: null, from: Number.NEGATIVE_INFINITY };

/** Two stretches of the wall clock may lie in one day. */
function divisions<Key>(
  wall: readonly Range[],
  between: (start: number, end: number) => Key[],
  toDivision: (key: Key) => Division<Key>,
): Division<Key>[] {
  const all = wall.flatMap(({ start, end }) => between(start, end).map(toDivision));
  return all.filter(({ start }, at) => start !== all[at - 1]?.start);
}

/** Or may have a last moment, at a whole second, that stands for nothing. */
function hasTime({ source }: SessionTimes, { start, end }: Range): boolean {
  return source !== null && Math.max(start, source.start) < Math.min(end, Math.floor(source.end) + 1);
}

function reachesEnd({ source }: SessionTimes, end: number): boolean {
  return source !== null && end >= source.end;
}

interface Located<Key> {
  key: Key;
  /** Second of media time; never behind that of the next one. */
  from: number;
}

function locate<Key>(all: readonly Division<Key>[], cutAt: CutAt): Located<Key>[] {
  return all.map(({ key, start }, at) => ({ key, from: at === 0 ? WHOLE.from : cutAt(start) }));
}

/** What of a range lies in each of them: as many steps as there are parts, however many divisions there are. */
function partsOf<Key>({ start, end }: Range, all: readonly Located<Key>[]): (Range & { key: Key })[] {
  const parts: (Range & { key: Key })[] = [];
  for (let at = lastFrom(all, start); at < all.length && all[at]!.from < end; at++) {
    const part = { start: Math.max(start, all[at]!.from), end: Math.min(end, all[at + 1]?.from ?? end) };
    if (part.start < part.end) parts.push({ ...part, key: all[at]!.key });
  }
  return parts;
}

/** The place of the last one that does not begin behind a second, by halves. */
function lastFrom(all: readonly Located<unknown>[], second: number): number {
  let [low, high] = [0, all.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (all[middle]!.from <= second) low = middle;
    else high = middle;
  }
  return low;
}

function bucketCuts(
  { source }: SessionTimes,
  range: Range,
  buckets: readonly Located<number>[],
): Map<number, BucketCut> {
  if (source === null) return new Map();
  return new Map(partsOf(range, buckets).map(({ key, start, end }) => [key, { from: start, to: end }]));
}

/** Of the buckets of a length, by their numbers since the epoch, that a stretch of time touches. */
function indicesIn(length: number): (start: number, end: number) => number[] {
  return (start, end) => {
    const first = Math.floor(start / length);
    return Array.from({ length: Math.floor(end / length) - first + 1 }, (_, at) => first + at);
  };
}
