/** What a queue dropped, by session. */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';

/** Moments of one session, from `first` to `last`, with the frames that were dropped before them. */
export interface Lost {
  first: number;
  last: number;
  dropped: DropCounts;
}

export function addLoss(losses: Map<string, Lost>, { sessionId, seq, dropped }: Moment): void {
  const lost = losses.get(sessionId) ?? { first: seq, last: seq, dropped: {} };
  losses.set(sessionId, { ...lost, last: seq, dropped: addDrops(lost.dropped, dropped) });
}
