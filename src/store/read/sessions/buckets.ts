/** Buckets of a group of sessions. */
import type { SessionsAggregateOptions, SessionsBucket } from '../../../domain/sessions-aggregate.ts';
import { NO_SUMS, type SumRow } from '../sum-row.ts';
import type { Combine, SessionPart } from './combine-sums.ts';
import { passedIn, type StretchTotals } from './stretch-totals.ts';

/** By their numbers, in order, what sessions add to each bucket; as many steps as there are sums, not buckets of each session. */
export type BucketParts = ReadonlyMap<number, readonly SessionPart[]>;

/** Those in which a moment of any session stands; what passed for the other sessions counts in them, too. @param seconds length of a bucket */
export function partsByBucket(parts: readonly StretchTotals[], seconds: number): BucketParts {
  const indices = new Set(
    parts.flatMap(({ buckets }) => [...buckets].flatMap(([index, sums]) => (holdsTime(sums) ? [index] : []))),
  );
  const byIndex = new Map([...indices].sort((a, b) => a - b).map((index) => [index, [] as SessionPart[]]));
  for (const part of parts) {
    for (const index of indicesOf(part, seconds)) {
      const own = byIndex.get(index);
      if (own !== undefined) addPart(own, part, index, seconds);
    }
  }
  return byIndex;
}

export function toBuckets(
  parts: BucketParts,
  { seconds, align }: NonNullable<SessionsAggregateOptions['bucket']>,
  combine: Combine,
): SessionsBucket[] {
  const clock = align.at === 'WALL' ? 'WALL' : 'MEDIA';
  const length = clock === 'WALL' ? seconds * 1000 : seconds;
  return [...parts].map(([index, own]) => ({
    clock,
    start: index * length,
    end: (index + 1) * length,
    ...combine(own),
  }));
}

/** A moment that was taken to stand until into the next second, and does not, leaves sums of nothing. */
function holdsTime([, frames = 0, , , , , covered = 0]: SumRow): boolean {
  return frames > 0 || covered > 0;
}

/** Of the buckets that time of it lies in, or that have sums. */
function* indicesOf({ stretch, times: { source } }: StretchTotals, seconds: number): Iterable<number> {
  if (stretch.buckets !== null) return yield* stretch.buckets.keys();
  if (source === null) return;
  const last = Math.floor(Math.min(stretch.to, source.end) / seconds);
  for (let at = Math.floor(Math.max(stretch.from, source.start) / seconds); at <= last; at++) yield at;
}

/** Nothing of a session whose source was not there. */
function addPart(
  own: SessionPart[],
  { session, stretch, times, buckets }: StretchTotals,
  index: number,
  seconds: number,
): void {
  const cut = stretch.buckets?.get(index) ?? { from: index * seconds, to: (index + 1) * seconds };
  const range = { start: Math.max(stretch.from, cut.from), end: Math.min(stretch.to, cut.to) };
  const part = {
    session,
    trial: stretch.trial,
    sums: buckets.get(index) ?? NO_SUMS,
    ...passedIn(range, times),
  };
  if (part.elapsed + part.erased > 0 || part.sums[1]! > 0) own.push(part);
}
