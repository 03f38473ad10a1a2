/** Which moments a full queue dropped, by session. */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';

/** Moments of one session, from `first` to `last` by `seq`, with the frames that were dropped before them. */
export interface DroppedRange {
  first: number;
  last: number;
  dropped: DropCounts;
}

/** Widens the range of the moment's session to this moment. */
export function addDropped(ranges: Map<string, DroppedRange>, { sessionId, seq, dropped }: Moment): void {
  const range = ranges.get(sessionId) ?? { first: seq, last: seq, dropped: {} };
  ranges.set(sessionId, { ...range, last: seq, dropped: addDrops(range.dropped, dropped) });
}
