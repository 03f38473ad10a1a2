/**
 * Trials: what of sessions lies around a marker of theirs. A session in which it is set several times has as many trials, which are
 * laid over each other. Times are kept in whole microseconds, as markers and moments are.
 */

import { inMicroseconds } from '../../../domain/quantise.ts';
import type { Trials } from '../../../domain/sessions-aggregate.ts';
import { overlaps, type Range } from '../elapsed-less-erased.ts';
import type { SessionTimes } from './session-times.ts';

/** Where a bucket lies in a session, in seconds of media time. */
export interface BucketCut {
  from: number;
  to: number;
}

/** Of one trial. */
export interface TrialRange extends Range {
  /** Which one of its session, from 0. */
  trial: number;
  /** Where its marker is, in seconds of media time. */
  marker: number;
}

/** @param asked what of the session is asked for; undefined: all of it */
export function trialRanges(
  { source }: SessionTimes,
  markers: readonly number[],
  { from, to }: Trials,
  asked: readonly Range[] | undefined,
): TrialRange[] {
  if (source === null) return [];
  const whole = { start: Math.floor(source.start), end: Math.floor(source.end) + 1 };
  const there = asked === undefined ? [whole] : overlaps(asked, whole);
  return markers.flatMap((marker, trial) => {
    const around = { start: inMicroseconds(marker + from), end: inMicroseconds(marker + to) };
    const ranges = overlaps(there, around);
    return ranges
      .filter(({ start, end }) => Math.max(start, source.start) < Math.min(end, source.end))
      .map((range) => ({ ...range, trial, marker }));
  });
}

/** @param seconds length of a bucket; undefined: all of it is one */
export function trialBuckets(
  { start, end, marker }: TrialRange,
  seconds: number | undefined,
): Map<number, BucketCut> {
  if (seconds === undefined) return new Map([[0, { from: start, to: end }]]);
  const cuts = new Map<number, BucketCut>();
  const edge = (index: number) => inMicroseconds(marker + index * seconds);
  // Where it is divided without a rest, the rest may be one still, by a rounding.
  let index = Math.floor((start - marker) / seconds) - 1;
  while (edge(index + 1) <= start) index += 1;
  for (; edge(index) < end; index++)
    cuts.set(index, { from: Math.max(start, edge(index)), to: Math.min(end, edge(index + 1)) });
  return cuts;
}

/** About how many buckets they have. */
export function countTrialBuckets(ranges: readonly TrialRange[], seconds: number | undefined): number {
  return ranges.reduce(
    (sum, { start, end }) => sum + 1 + (seconds === undefined ? 0 : Math.ceil((end - start) / seconds)),
    0,
  );
}
