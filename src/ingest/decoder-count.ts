/**
 * How many recordings are decoded at a time, as late as their frames come: slowly more while they come in time, and
 * fewer where they come too late, at once by as much as they are late, and more of that with each second.
 */

/** Seconds that frames may come late in the mean: a machine where none is ever late has time to spare. */
export const LAG = 0.1;
/** Below this part of it none is late to speak of. */
const CALM = 0.25;
/** A second later more by this part, while none is late; twice as much after so many seconds of that, three times after twice as many. */
const GROWTH = 0.03;
const GROWTH_SECONDS = 5;
/** Fewer by these parts for each second that frames come too late in the mean: as long as that lasts, and for good each second. */
const AT_ONCE = 0.3;
const EACH_SECOND = 0.1;

export class DecoderCount {
  #sustained: number;
  #tooLate = 0;
  #calmSeconds = 0;

  /** @param all that there are; until now all were decoded */
  constructor(all: number) {
    this.#sustained = all;
  }

  /** How many there is the time for, as far as is known. */
  get sustained(): number {
    return this.#sustained;
  }

  /** Fewer, while frames come too late. */
  get current(): number {
    return Math.max(1, this.#sustained * (1 - AT_ONCE * this.#tooLate));
  }

  /** One more came where there was the time for all: there may be the time for it, too. */
  add(): void {
    this.#sustained += 1;
  }

  /**
   * @param lag seconds that frames come late in the mean
   * @param seconds since the last time
   * @param all recordings
   */
  follow(lag: number, seconds: number, all: number): void {
    this.#tooLate = Math.max(0, lag - LAG);
    const isCalm = lag < CALM * LAG;
    this.#calmSeconds = isCalm ? this.#calmSeconds + seconds : 0;
    const growth = GROWTH * (1 + this.#calmSeconds / GROWTH_SECONDS);
    const change = isCalm ? growth : -EACH_SECOND * this.#tooLate;
    this.#sustained = Math.min(all, Math.max(1, this.#sustained * (1 + change * seconds)));
  }
}
