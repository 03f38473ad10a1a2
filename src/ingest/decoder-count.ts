/**
 * How many recordings are decoded at a time, as late as their frames come: slowly more while they come in time, and
 * fewer where they come too late, at once by as much as they are late, and more of that with each second.
 */

/** Seconds that frames may come late in the mean: a machine where none is ever late has time to spare. */
export const LAG = 0.1;
/** With less than this part of it they come in time. */
const IN_TIME = 0.25;
/** A second later so many times more, while frames come in time. */
const GROWTH = 0.03;
/** By so much less for each second that frames come too late in the mean: as long as that lasts, and for good each second. */
const AT_ONCE = 0.3;
const EACH_SECOND = 0.1;

export class DecoderCount {
  #settled: number;
  #tooLate = 0;

  /** @param all that there are; until now all were decoded */
  constructor(all: number) {
    this.#settled = all;
  }

  /** How many there is the time for, when none of them is late. */
  get settled(): number {
    return this.#settled;
  }

  get now(): number {
    return Math.max(1, this.#settled * (1 - AT_ONCE * this.#tooLate));
  }

  /**
   * @param lag seconds that frames come late in the mean
   * @param seconds since the last time
   * @param all recordings
   */
  follow(lag: number, seconds: number, all: number): void {
    this.#tooLate = Math.max(0, lag - LAG);
    const change = lag < IN_TIME * LAG ? GROWTH : -EACH_SECOND * this.#tooLate;
    this.#settled = Math.min(all, Math.max(1, this.#settled * (1 + change * seconds)));
  }
}
