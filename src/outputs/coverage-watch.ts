/** Whether moments stand for enough of the time that passes, over the last seconds of media time. */
import { coverageOf } from '../domain/coverage.ts';
import type { Moment } from '../domain/moment.ts';
import { inMicroseconds } from '../domain/quantise.ts';

/** Seconds of media time over which it is looked at. */
export const COVERAGE_SECONDS = 10;
/** Below this share it is low; from this one on it is well again. */
export const LOW_COVERAGE = 0.9;
const WELL = 0.95;

export interface CoverageChange {
  isLow: boolean;
  /** It was low, and nothing follows: the session ended. */
  isOver: boolean;
  coverage: number;
  mediaTime: number;
}

/** Of one stream. */
export class CoverageWatch {
  /** Of the first only its time counts. */
  #moments: Pick<Moment, 'sessionId' | 'mediaTime' | 'previousDuration'>[] = [];
  /** What was told last of it, while it is low. */
  #low: CoverageChange | null = null;

  get isLow(): boolean {
    return this.#low !== null;
  }

  push({ sessionId, mediaTime, previousDuration }: Moment): CoverageChange | null {
    const ended = this.#moments[0]?.sessionId === sessionId ? null : this.end();
    this.#moments.push({ sessionId, mediaTime, previousDuration });
    if (ended) return ended;
    while (
      this.#moments.length > 2 &&
      inMicroseconds(mediaTime - this.#moments[1]!.mediaTime) >= COVERAGE_SECONDS
    )
      this.#moments.shift();
    const [first, ...rest] = this.#moments;
    const elapsed = inMicroseconds(mediaTime - first!.mediaTime);
    if (elapsed < COVERAGE_SECONDS) return null;
    const covered = rest.reduce((sum, moment) => sum + moment.previousDuration, 0);
    const coverage = coverageOf(inMicroseconds(covered), elapsed);
    if (this.isLow ? coverage < WELL : coverage >= LOW_COVERAGE) return null;
    const change = { isLow: !this.isLow, isOver: false, coverage, mediaTime };
    this.#low = change.isLow ? change : null;
    return change;
  }

  /** The session is over: what was low is so no more. */
  end(): CoverageChange | null {
    const low = this.#low;
    this.#moments = [];
    this.#low = null;
    return low && { ...low, isLow: false, isOver: true };
  }
}
