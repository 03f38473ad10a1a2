/** Says which frames to leave out of a source that is to give fewer than it was opened for. */
export class RateLimit {
  readonly #openedRate: number;
  #interval: number | null = null;
  /** Media time from which on the next frame passes. */
  #due = 0;
  #lastPassed: number | null = null;

  /** @param openedRate frames a second that the source was opened for */
  constructor(openedRate: number) {
    this.#openedRate = openedRate;
  }

  setRate(framesPerSecond: number): void {
    const interval = framesPerSecond < this.#openedRate ? 1 / framesPerSecond : null;
    if (interval === this.#interval) return;
    this.#interval = interval;
    this.#due = (this.#lastPassed ?? 0) + (interval ?? 0);
  }

  /**
   * @param mediaTime seconds
   * @returns whether it passes
   */
  admit(mediaTime: number): boolean {
    const interval = this.#interval ?? 0;
    const due = this.#lastPassed === null ? mediaTime : this.#due;
    // As ffmpeg's selection does: a frame may be a little early, because timestamps are rounded and cameras jitter.
    if (mediaTime < due - Math.min(0.008, interval / 4) && this.#interval !== null) return false;
    this.#due = Math.max(due + interval, mediaTime);
    this.#lastPassed = mediaTime;
    return true;
  }
}
