/** What one subscriber did not get: what its full queue dropped, by session, and how many moments that comes to. */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';
import type { Offset, Offsets } from './offsets.ts';

/** Moments of one session, the newest of which is `last` by `seq`, with the frames that were dropped before them. */
export interface DroppedRange {
  last: number;
  dropped: DropCounts;
}

export type DroppedRanges = Map<string, DroppedRange>;

export class Losses {
  /** What the queue dropped since that was last taken, by session. */
  #dropped: DroppedRanges = new Map();
  /** What was taken last; it may not have been dealt with yet. */
  #taken: DroppedRanges = new Map();
  /** Moments lost so far, and how many of them were told of. */
  #lost = 0;
  #told = 0;

  get lost(): number {
    return this.#lost;
  }

  /** What is lost when what the queue dropped, and was not dealt with before, is counted in. */
  withDropped(offsets: Pick<Offsets, 'get'>): number {
    const all = new Map(this.#taken);
    for (const [sessionId, range] of this.#dropped) addRange(all, sessionId, range);
    const beyond = [...all].map(([id, { last }]) => last - (offsets.get(id)?.seen ?? last));
    return beyond.reduce((sum, moments) => sum + Math.max(0, moments), this.#lost);
  }

  /** The queue dropped a moment. */
  drop({ sessionId, seq, dropped }: Moment): void {
    addRange(this.#dropped, sessionId, { last: seq, dropped });
  }

  takeDropped(): DroppedRanges {
    this.#taken = this.#dropped;
    this.#dropped = new Map();
    return this.#taken;
  }

  /** They were taken, and are to be dealt with together with what was dropped since. */
  putBack(earlier: DroppedRanges): void {
    for (const [sessionId, range] of this.#dropped) addRange(earlier, sessionId, range);
    this.#dropped = earlier;
  }

  /** So many moments were lost. */
  count(moments: number): void {
    this.#lost += moments;
  }

  /** @returns how many were lost that were not told of before */
  tell(): number {
    const untold = this.#lost - this.#told;
    this.#told = this.#lost;
    return untold;
  }
}

function addRange(ranges: DroppedRanges, sessionId: string, { last, dropped }: DroppedRange): void {
  const before = ranges.get(sessionId) ?? { last, dropped: {} };
  ranges.set(sessionId, {
    last: Math.max(before.last, last),
    dropped: addDrops(before.dropped, dropped),
  });
}

/** Whether it was dealt with before, or is older than what was dropped: then nothing is told with it. */
export function isCopy({ sessionId, seq }: Moment, { seen }: Offset, dropped: DroppedRanges): boolean {
  return seq <= Math.max(seen, dropped.get(sessionId)?.last ?? -1);
}
