/** What a rollup holds, as whole numbers in the order of the columns, and how these add up. */
import { DROP_REASONS, type DropCounts } from '../../domain/frame.ts';
import type { FollowingMoment, Rollup } from '../../domain/moment.ts';
import { FRACTION } from '../../domain/quantise.ts';

/**
 * Sums moments per second of media time and track, and what they tell of the time that the ones before them stand for.
 * @param length of the stretches that are summed up, in microseconds, counted from 0; default: a second
 */
export type RollUp = (moments: readonly FollowingMoment[], length?: number) => Rollup[];

/**
 * Frames, dropped ones by reason, covered, readings, abstained, labels, probabilities, durations, valence, arousal, quality; and where it
 * lies: the first number, the earliest and the latest wall time, or -1.
 */
export function rollupValues({
  probabilities,
  valence,
  arousal,
  quality,
  place,
  ...counts
}: Rollup): number[] {
  const parts = (sums: readonly number[]) => sums.map((sum) => Math.round(sum * FRACTION));
  return [
    ...[counts.frames, ...dropColumns(counts.dropped), counts.covered, counts.readings, counts.abstained],
    ...counts.labels,
    ...parts(probabilities),
    ...counts.durations,
    ...parts([valence, arousal, quality]),
    ...(place === null ? NO_PLACE : [place.firstSeq, place.startedAt, place.endedAt]),
  ];
}

/** Frames dropped, by reason, in the order of the columns. */
export function dropColumns(dropped: DropCounts): number[] {
  return DROP_REASONS.map((reason) => dropped[reason] ?? 0);
}

/** Values that tell where it lies, at the end: they are not added up. */
const PLACE = 3;
/** Stands for null. */
const NO_PLACE = [-1, -1, -1];

/** @param values of a rollup, which stand in the row of the sum from `offset` on */
export function addUp(sum: number[], values: readonly number[], offset: number): void {
  joinPlaces(sum, values, offset);
  for (const [position, value] of values.slice(0, -PLACE).entries()) sum[position + offset]! += value;
}

/** Where neither or both have a moment, from the earlier to the later; else where the one is that has. */
function joinPlaces(sum: number[], values: readonly number[], offset: number): void {
  const [inSum, inValues] = [sum[offset]! > 0, values[0]! > 0];
  if (inSum && !inValues) return;
  const place = values.slice(-PLACE);
  const start = sum.length - PLACE;
  for (const [at, value] of place.entries()) {
    const join = at === PLACE - 1 ? Math.max : Math.min;
    sum[start + at] = inSum === inValues ? join(sum[start + at]!, value) : value;
  }
}
