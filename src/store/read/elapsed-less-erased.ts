/** How much of a stretch of media time passed for a source, and how much of it was erased. */

/** Seconds of media time; `end` is excluded. */
export interface Range {
  start: number;
  end: number;
}

/** @param json as `rollup-sql.ts` selects it */
export function erasedRanges(json: string | null): Range[] {
  const ranges = json === null ? [] : (JSON.parse(json) as [start: number, end: number][]);
  return ranges.map(([start, end]) => ({ start, end }));
}

/**
 * How much of a range the source was there for and was not erased, and how much was.
 * @param erasures in order, without one that overlaps another
 */
export function elapsedIn(
  { start, end }: Range,
  erasures: readonly Range[],
): { elapsed: number; erased: number } {
  if (end <= start) return { elapsed: 0, erased: 0 };
  let erased = 0;
  for (let at = firstEndingBehind(erasures, start); at < erasures.length; at++) {
    const range = erasures[at]!;
    if (range.start >= end) break;
    erased += Math.min(end, range.end) - Math.max(start, range.start);
  }
  return { elapsed: end - start - erased, erased };
}

/** By halves: buckets are asked about one by one, and a session may have many erasures. */
function firstEndingBehind(ranges: readonly Range[], time: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.end <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same of several ranges, which do not overlap. */
export function elapsedInAll(
  there: readonly Range[],
  erasures: readonly Range[],
): { elapsed: number; erased: number } {
  const each = there.map((range) => elapsedIn(range, erasures));
  const sum = (of: 'elapsed' | 'erased') => each.reduce((total, one) => total + one[of], 0);
  return { elapsed: sum('elapsed'), erased: sum('erased') };
}

/** What of these ranges lies within another one. */
export function overlaps(ranges: readonly Range[], { start, end }: Range): Range[] {
  return ranges.flatMap((range) => {
    const [from, to] = [Math.max(range.start, start), Math.min(range.end, end)];
    return from < to ? [{ start: from, end: to }] : [];
  });
}
