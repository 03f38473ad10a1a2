import type { Frame } from '../../domain/frame.ts';

/** Why frames were not given: a lower rate was asked for, or they were late. */
type Reason = 'rate' | 'late';

/** Counts the frames of a source that were not given: those that came, and those that were never decoded. */
export class SkippedCounts {
  /** Seconds from one frame to the next, usually. */
  #interval: number;
  #last: number | null = null;
  #counts = { rate: 0, late: 0 };
  #gap: Reason | null = null;

  /** @param frameRate frames a second that the source was opened for; it may have fewer */
  constructor(frameRate: number) {
    this.#interval = 1 / frameRate;
  }

  /** A frame came; it is given or left out. @param mediaTime seconds */
  cameAt(mediaTime: number): void {
    const step = this.#last === null ? null : mediaTime - this.#last;
    this.#last = mediaTime;
    if (step === null) return;
    if (this.#gap !== null) this.#counts[this.#gap] += Math.max(0, Math.round(step / this.#interval) - 1);
    // A pause of the source is no measure of its rate.
    else if (step < 4 * this.#interval) this.#interval += (step - this.#interval) / 16;
    this.#gap = null;
  }

  /** The one that came was left out. */
  add(why: Reason): void {
    this.#counts[why] += 1;
  }

  /** Frames were passed over: those that lie between the last one and the next count. */
  skipped(why: Reason): void {
    this.#gap = why;
  }

  /** How many since this was last asked, as a frame tells it. */
  take(): Pick<Frame, 'dropped' | 'leftOut' | 'late'> {
    const { rate, late } = this.#counts;
    this.#counts = { rate: 0, late: 0 };
    return rate + late > 0 ? { dropped: { busy: rate + late }, leftOut: rate, late } : { dropped: {} };
  }
}
