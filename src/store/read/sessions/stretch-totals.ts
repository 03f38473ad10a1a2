/** A stretch of a session with what it adds up to. */
import type { GroupedSession } from '../../../domain/sessions-aggregate.ts';
import { elapsedIn, type Range } from '../elapsed-less-erased.ts';
import { NO_SUMS, type SumRow } from '../sum-row.ts';
import { addTo, type SessionPart } from './combine-sums.ts';
import type { SessionTimes } from './session-times.ts';
import type { Stretch } from './stretches.ts';

interface ReadStretch {
  session: GroupedSession;
  stretch: Stretch;
  times: SessionTimes;
  tracks: number;
  buckets: ReadonlyMap<number, SumRow>;
}

export type StretchTotals = ReadStretch & SessionPart;

export function sumUp(read: ReadStretch): StretchTotals {
  const { stretch, times, buckets } = read;
  const sums = stretch.holdsEnd ? trailingRow(times) : [...NO_SUMS];
  for (const bucket of buckets.values()) addTo(sums, bucket);
  return {
    ...read,
    trial: stretch.trial,
    sums,
    ...passedIn({ start: stretch.from, end: stretch.to }, times),
  };
}

/** A session that is asked for as a whole counts also where it has no frame. */
export function isThere({ stretch, elapsed, erased, sums: [, frames = 0] }: StretchTotals): boolean {
  return stretch.isWhole || elapsed + erased + frames > 0;
}

/** What of a stretch of time passed for the source, and what of it was erased. */
export function passedIn(
  { start, end }: Range,
  { source, erased }: SessionTimes,
): { elapsed: number; erased: number } {
  if (source === null) return { elapsed: 0, erased: 0 };
  return elapsedIn({ start: Math.max(start, source.start), end: Math.min(end, source.end) }, erased);
}

/** A SumRow: start, frames, and then what was dropped. */
function trailingRow({ trailing: { busy = 0, worker = 0, store = 0, source = 0 } }: SessionTimes): number[] {
  return [0, 0, busy, worker, store, source, ...NO_SUMS.slice(6)];
}
