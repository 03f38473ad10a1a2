/** Sums of rollups, as the statements of rollup-sql.ts select them, become an aggregate. */
import type { Aggregate } from '../../domain/aggregate.ts';
import { coverageOf } from '../../domain/coverage.ts';
import { nonZeroDrops } from '../../domain/frame.ts';
import { FRACTION, MICROSECONDS } from '../../domain/quantise.ts';

/**
 * Start, frames, dropped (busy, worker, store, source), covered, readings, abstained, 8 labels, 8 probabilities, 8 durations,
 * valence, arousal, quality; and, if it is told, the earliest and the latest wall time in milliseconds (0: none). Whole numbers all, fractions counted in parts of FRACTION and seconds in MICROSECONDS; those
 * below 2^53 stay exact.
 */
export type SumRow = readonly number[];

export const NO_SUMS: SumRow = Array(36).fill(0);

/** Where a stretch of a session lies, in seconds of media time. */
export interface Extent {
  start: number;
  end: number;
  /** How much of it the source was there for, without what was erased. */
  elapsed: number;
  /** How much of it was erased. */
  erased: number;
}

/** Written out, without a closure or an array on the way: an answer is made of thousands. */
export function toAggregate(s: SumRow, { start, end, elapsed, erased }: Extent): Aggregate {
  const [, frames = 0, busy = 0, worker = 0, store = 0, source = 0, time = 0, readings = 0, abstained = 0] =
    s;
  const lost = busy + worker + store + source;
  const some = readings > 0;
  const n = readings * FRACTION;
  const covered = time / MICROSECONDS;
  return {
    start,
    end,
    startedAt: s[36] || null,
    endedAt: s[37] || null,
    frames,
    dropped: lost === 0 ? {} : nonZeroDrops({ busy, worker, store, source }),
    readings,
    abstained,
    labels: [s[9]!, s[10]!, s[11]!, s[12]!, s[13]!, s[14]!, s[15]!, s[16]!],
    probabilities: some ? meanProbabilities(s, n) : null,
    durations: durationsOf(s),
    valence: some ? s[33]! / n : null,
    arousal: some ? s[34]! / n : null,
    quality: some ? s[35]! / n : null,
    covered,
    elapsed,
    erased,
    coverage: coverageOf(covered, elapsed),
  };
}

function meanProbabilities(s: SumRow, n: number): number[] {
  return [s[17]! / n, s[18]! / n, s[19]! / n, s[20]! / n, s[21]! / n, s[22]! / n, s[23]! / n, s[24]! / n];
}

function durationsOf(s: SumRow): number[] {
  const n = MICROSECONDS;
  return [s[25]! / n, s[26]! / n, s[27]! / n, s[28]! / n, s[29]! / n, s[30]! / n, s[31]! / n, s[32]! / n];
}
