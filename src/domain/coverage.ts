/** How much of the time that passed for a source its moments cover: one rule, for what is stored and for `mien analyze`. */
import { totalDrops } from './frame.ts';
import type { Moment } from './moment.ts';
import { inMicroseconds } from './quantise.ts';

/** Where the source began, in seconds of media time: frames that were dropped before the first moment were frames of it. */
export function beganAt({ seq, mediaTime, previousDuration, dropped }: Moment): number {
  const before = seq > 0 ? 0 : totalDrops(dropped) * previousDuration;
  return inMicroseconds(Math.max(0, mediaTime - before));
}

/** Seconds for which a moment stands that no other follows. */
export function newestDuration({ previousDuration, untilEnd }: Moment): number {
  return Math.min(previousDuration, untilEnd ?? previousDuration);
}

/** Until when it stands, in seconds of media time. */
export function newestEnd(moment: Moment): number {
  return inMicroseconds(moment.mediaTime + newestDuration(moment));
}

/** @param elapsed seconds that passed for the source, from its beginning to its end */
export function coverageOf(covered: number, elapsed: number): number {
  return elapsed > 0 ? Math.min(1, covered / elapsed) : 0;
}
