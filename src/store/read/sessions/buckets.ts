/** Buckets of a group of sessions. */
import type { SessionsAggregateOptions, SessionsBucket } from '../../../domain/sessions-aggregate.ts';
import { NO_SUMS, type SumRow } from '../sum-row.ts';
import type { Combine, SessionPart } from './combine.ts';
import { passedIn, type Summed } from './summed.ts';

/** Those in which a moment of any session stands; what passed for the other sessions counts in them, too. */
export function bucketsOf(
  parts: readonly Summed[],
  { seconds, align }: NonNullable<SessionsAggregateOptions['bucket']>,
  combine: Combine,
): SessionsBucket[] {
  const indices = new Set(
    parts.flatMap(({ buckets }) => [...buckets].flatMap(([index, sums]) => (holdsTime(sums) ? [index] : []))),
  );
  const clock = align.at === 'WALL' ? 'WALL' : 'MEDIA';
  const length = clock === 'WALL' ? seconds * 1000 : seconds;
  const inOrder = [...indices].sort((a, b) => a - b);
  return inOrder.map((index) => ({
    clock,
    start: index * length,
    end: (index + 1) * length,
    ...combine(parts.flatMap((part) => inBucket(part, index, seconds))),
  }));
}

/** A moment that was taken to stand until into the next second, and does not, leaves sums of nothing. */
function holdsTime([, frames = 0, , , , , covered = 0]: SumRow): boolean {
  return frames > 0 || covered > 0;
}

/** Nothing of a session whose source was not there. */
function inBucket(
  { session, stretch, times, buckets }: Summed,
  index: number,
  seconds: number,
): SessionPart[] {
  const cut =
    stretch.buckets === null
      ? { from: index * seconds, to: (index + 1) * seconds }
      : stretch.buckets.get(index);
  if (cut === undefined) return [];
  const range = { start: Math.max(stretch.from, cut.from), end: Math.min(stretch.to, cut.to) };
  const part = { session, sums: buckets.get(index) ?? NO_SUMS, ...passedIn(range, times) };
  return part.elapsed + part.erased > 0 || part.sums[1]! > 0 ? [part] : [];
}
