/**
 * What a sender does when more is recorded than leaves: it pauses the camera until what waits has left, and from then on
 * sends with less detail. Nothing that was recorded is thrown away.
 */

/** Bits a second, at first, and the least that still shows a face. */
export const FULL_DETAIL = 800_000;
const LEAST_DETAIL = 150_000;
/** As many seconds of video may wait before the camera pauses, and so many when it goes on. */
const PAUSE_AT_S = 1.5;
const GO_ON_AT_S = 0.2;
/** Where nothing at all leaves for so long, the connection is dead, though nobody has said so. */
const DEAD_AFTER_MS = 8000;

export class SendFlow {
  bitsPerSecond = FULL_DETAIL;
  /** How often it has paused. */
  pauses = 0;
  isPaused = false;
  /** What waited when it was looked at last, and when it was less than before. */
  #waiting = 0;
  #leftAt = 0;

  /** Nothing waits in a new connection. */
  beginAnew() {
    this.isPaused = false;
  }

  /**
   * @param {number} waiting bytes that were recorded and have not left
   * @param {number} [now] milliseconds
   * @returns {'go on' | 'pause' | 'resume' | 'less detail' | 'dead'} `less detail`: it may go on, in a recording of `bitsPerSecond`
   */
  judge(waiting, now = performance.now()) {
    const seconds = (waiting * 8) / this.bitsPerSecond;
    if (!this.isPaused || waiting < this.#waiting) this.#leftAt = now;
    this.#waiting = waiting;
    if (!this.isPaused) {
      if (seconds < PAUSE_AT_S) return 'go on';
      this.isPaused = true;
      this.pauses += 1;
      return 'pause';
    }
    if (seconds > GO_ON_AT_S) return now - this.#leftAt < DEAD_AFTER_MS ? 'go on' : 'dead';
    this.isPaused = false;
    if (this.bitsPerSecond === LEAST_DETAIL) return 'resume';
    this.bitsPerSecond = Math.max(LEAST_DETAIL, this.bitsPerSecond / 2);
    return 'less detail';
  }
}
