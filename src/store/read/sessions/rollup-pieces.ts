/** What adds up to stretches: the longest rollups that no border cuts, and parts of seconds. */
import { ROLLUP_SPANS } from '../../sql/rollup-spans.ts';
import type { Range } from '../elapsed-less-erased.ts';
import { coverBySpans, type SpanRange } from '../rollup-sql.ts';
import type { SecondPart } from './moment-sums.ts';
import type { SessionTimes } from './session-times.ts';
import type { Stretch } from './stretches.ts';

export interface Piece extends SpanRange {
  /** Which stretch, by its place. */
  stretch: number;
  /** Null: the rollups tell it. */
  bucket: number | null;
}

const LONGEST_SPAN = Math.max(...ROLLUP_SPANS);

/** What is read of one stretch: rollups, and parts of seconds. */
export interface Pieces {
  rollups: Piece[];
  parts: SecondPart[];
}

/** @param seconds length of a bucket, where there are any */
export function piecesOf(
  { from, to, buckets }: Stretch,
  stretch: number,
  { source }: SessionTimes,
  seconds: number | undefined,
): Pieces {
  if (source === null) return { rollups: [], parts: [] };
  if (buckets !== null) return piecesOfCuts(buckets, stretch, source);
  const step = longestSpanIn(seconds);
  const { start, end } = within({ from, to }, source, step);
  const of = { stretch, bucket: seconds === undefined ? 0 : null };
  return { rollups: pieces(start, end, seconds ?? LONGEST_SPAN, of), parts: [] };
}

/** A cut within a second leaves two parts of it, which are in no rollup. */
function piecesOfCuts(buckets: NonNullable<Stretch['buckets']>, stretch: number, source: Range): Pieces {
  const found: Pieces = { rollups: [], parts: [] };
  for (const [bucket, cut] of buckets) {
    const { start, end } = within(cut, source, LONGEST_SPAN);
    const [first, last] = [Math.ceil(start), Math.floor(end)];
    if (first < last) found.rollups.push(...pieces(first, last, LONGEST_SPAN, { stretch, bucket }));
    const parts =
      last < first
        ? [[start, end]]
        : [
            [start, first],
            [last, end],
          ];
    for (const [from, to] of parts as [number, number][])
      if (from < to) found.parts.push({ stretch, bucket, from, to });
  }
  return found;
}

/** Beyond the source there is nothing: rollups are taken whole there. */
function within({ from, to }: Pick<Stretch, 'from' | 'to'>, source: Range, step: number): Range {
  return {
    start: Math.max(from, Math.floor(source.start / step) * step),
    end: Math.min(to, (Math.floor(source.end / step) + 1) * step),
  };
}

function longestSpanIn(seconds = LONGEST_SPAN): number {
  return Math.max(...ROLLUP_SPANS.filter((span) => seconds % span === 0));
}

function pieces(start: number, end: number, bucket: number, of: Pick<Piece, 'stretch' | 'bucket'>): Piece[] {
  return coverBySpans(start, end, bucket).map((range) => ({ ...range, ...of }));
}

/** How many sums a stretch is read in. */
export function countBuckets(
  { from, to, buckets }: Stretch,
  { source }: SessionTimes,
  seconds: number | undefined,
): number {
  if (buckets !== null) return buckets.size;
  if (seconds === undefined || source === null) return 1;
  return Math.ceil((Math.min(to, source.end) - Math.max(from, source.start)) / seconds) + 1;
}
