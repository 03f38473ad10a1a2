/** How much an answer may be made of, counted before it is read. */
import { MienError } from '../../errors.ts';
import type { Range } from './elapsed-less-erased.ts';
import type { SpanRange } from './rollup-sql.ts';

/** Most buckets in one answer: more than a screen has pixels across. */
const MAX_BUCKETS = 20_000;
/** Most rollups that are added up for one answer. */
const MAX_ROLLUPS = 500_000;

/** @param bucketMs length of a bucket, in milliseconds @throws MienError BAD_INPUT */
export function assertFewBuckets(stretches: readonly Range[], bucketMs: number): void {
  const ms = stretches.reduce((sum, { start, end }) => sum + (end - start) * 1000, 0);
  if (ms / bucketMs <= MAX_BUCKETS) return;
  // Of whole seconds, if that is what was asked for.
  const unit = bucketMs < 1000 ? 1 : 1000;
  const least = (Math.ceil(ms / MAX_BUCKETS / unit) * unit) / 1000;
  throw new MienError(
    'BAD_INPUT',
    `That would be more than ${MAX_BUCKETS} buckets. Take buckets of at least ${least} seconds, or a shorter stretch.`,
  );
}

/**
 * Into a length such as 3,599 s no longer rollup goes, so that all seconds would be read.
 * @param more that were counted before @returns how many there are, at most @throws MienError BAD_INPUT
 */
export function assertFewRollups(pieces: readonly SpanRange[], more = 0): number {
  const rollups = pieces.reduce((sum, { span, from, to }) => sum + (to - from) / span, more);
  if (rollups <= MAX_ROLLUPS) return rollups;
  throw new MienError(
    'BAD_INPUT',
    `More than ${MAX_ROLLUPS} sums, as they are stored, would have to be added up. Take a \`bucket\` that is a multiple of 60 or 3600 seconds, a shorter \`range\`, or fewer sessions.`,
  );
}
