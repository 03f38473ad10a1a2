/**
 * All frames that one run of ffmpeg decodes, by their timestamps, selected or not: of a looped recording they tell how long a pass
 * is. Where a run decodes several passes, ffmpeg's own times of the later ones are not theirs: it guesses how long a pass is, by the
 * tracks that it reads, the rate that the source claims, and what its decoder was in the middle of.
 */
import type { NumberedStamp } from './frame-assembler.ts';
import { maxTimestampGap } from './max-timestamp-gap.ts';

/** One pass as it was decoded: timestamps in microseconds, each greater than the one before. */
export interface Pass {
  times: readonly number[];
  /** Seconds from one pass to the next. */
  length: number;
}

/** Timestamps that are kept, at most. */
const MAX_KEPT = 1000;

export class DecodedFrames {
  /** Of the first ones. */
  readonly times: (number | null)[] = [];
  readonly #interval: number;
  readonly #pass: Pass | null;
  /** Before the filters were last built anew. */
  #before = 0;
  #count = 0;
  #last: number | null = null;
  #step: number;

  /**
   * @param interval seconds for which a frame stands that is the only one
   * @param pass what each of several passes is like; null: there is one
   */
  constructor(interval: number, pass: Pass | null) {
    this.#interval = interval;
    this.#step = interval;
    this.#pass = pass;
  }

  get count(): number {
    return this.#count;
  }

  add({ n, pts }: NumberedStamp): void {
    // A lower number: the filters were built anew, and count from 0 again.
    if (this.#before + n < this.#count) this.#before = this.#count;
    this.#count = this.#before + n + 1;
    if (this.times.length < MAX_KEPT) this.times.push(pts);
    if (pts === null) return;
    const step = this.#last === null ? 0 : (pts - this.#last) / 1e6;
    if (step > 0 && step <= maxTimestampGap(this.#interval)) this.#step = step;
    this.#last = pts;
  }

  /** A selected frame, which is the newest decoded one, with the time that it has in its pass; null: as it is. */
  timed(stamp: NumberedStamp): NumberedStamp | null {
    if (this.#pass === null) return null;
    const { times, length } = this.#pass;
    const at = this.#count - 1;
    const pass = Math.floor(at / times.length);
    return { ...stamp, pts: times[at % times.length]! + Math.round(pass * length * 1e6) };
  }

  /** Seconds from a selected frame to the end of the last one, which is shown for as long as the one before it. @param pts null: not known */
  secondsAfter(pts: number | null): number {
    const until = pts === null || this.#last === null ? 0 : (this.#last - pts) / 1e6;
    return (until > 0 && until <= maxTimestampGap(this.#interval) ? until : 0) + this.#step;
  }
}
