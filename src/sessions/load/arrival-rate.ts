/** How many frames a second come from a source in time to be scored, over the last seconds. */

/** Seconds over which they are counted, or those in which so many frames are due, where that is longer. */
const SECONDS = 5;
const FRAMES = 3;
/** Frames come unevenly: with this part of those that were due, less one, all of them came. */
const ALL = 0.9;

export class ArrivalRate {
  /** The last seconds, the newest first. */
  #seconds: { frames: number; seconds: number }[] = [];

  /** @param frames that came in time within so many seconds, whether they were scored or not */
  note(frames: number, seconds: number, rate: number): void {
    const needed = secondsFor(rate);
    this.#seconds.unshift({ frames, seconds });
    let sum = 0;
    const kept = this.#seconds.findIndex((one) => {
      sum += one.seconds;
      return sum >= needed;
    });
    if (kept >= 0) this.#seconds.length = kept + 1;
  }

  /** The source is opened anew: what came before tells nothing. */
  reset(): void {
    this.#seconds = [];
  }

  /**
   * Frames a second; Infinity while as many come as are due, or while too little is known.
   * @param due frames a second that are asked for
   * @param rate frames a second that are let through
   */
  perSecond(due: number, rate: number): number {
    const seconds = this.#seconds.reduce((sum, one) => sum + one.seconds, 0);
    if (seconds < secondsFor(rate)) return Number.POSITIVE_INFINITY;
    const frames = this.#seconds.reduce((sum, one) => sum + one.frames, 0);
    return frames + 1 >= ALL * due * seconds ? Number.POSITIVE_INFINITY : frames / seconds;
  }
}

/** Those that a lower rate leaves out are told with the next frame that is let through. */
function secondsFor(rate: number): number {
  return Math.max(SECONDS, FRAMES / rate);
}
