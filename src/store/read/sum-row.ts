/** Sums of rollups, as the statements of rollup-sql.ts select them, become an aggregate. */
import type { Aggregate } from '../../domain/aggregate.ts';
import { nonZeroDrops } from '../../domain/frame.ts';
import { FRACTION } from '../../domain/quantise.ts';

/**
 * Start, frames, frames of the picture, dropped (busy, worker, store), readings, abstained, 8 labels, 8 probabilities,
 * valence, arousal, quality. Whole numbers all, fractions counted in parts of FRACTION; those below 2^53 stay exact.
 */
export type SumRow = readonly number[];

export const NO_SUMS: SumRow = Array(27).fill(0);

/**
 * Written out, without a closure or an array on the way: an answer is made of thousands.
 * @param start, end in seconds of media time
 */
export function toAggregate(s: SumRow, start: number, end: number): Aggregate {
  const [, frames = 0, ofPicture = 0, busy = 0, worker = 0, store = 0, readings = 0, abstained = 0] = s;
  const lost = busy + worker + store;
  const some = readings > 0;
  const n = readings * FRACTION;
  return {
    start,
    end,
    frames,
    dropped: lost === 0 ? {} : nonZeroDrops({ busy, worker, store }),
    readings,
    abstained,
    labels: [s[8]!, s[9]!, s[10]!, s[11]!, s[12]!, s[13]!, s[14]!, s[15]!],
    probabilities: some ? meanProbabilities(s, n) : null,
    valence: some ? s[24]! / n : null,
    arousal: some ? s[25]! / n : null,
    quality: some ? s[26]! / n : null,
    coverage: ofPicture + lost === 0 ? 0 : frames / (ofPicture + lost),
  };
}

function meanProbabilities(s: SumRow, n: number): number[] {
  return [s[16]! / n, s[17]! / n, s[18]! / n, s[19]! / n, s[20]! / n, s[21]! / n, s[22]! / n, s[23]! / n];
}
