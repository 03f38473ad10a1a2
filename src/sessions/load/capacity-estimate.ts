/**
 * How many frames a second can be scored, from what was: frames that were scored while the models worked for a part of the
 * time would have been more if they had worked for all of it that they get. How much that is shows when frames are lost for
 * want of time; what is scored then is the capacity itself.
 */

export interface Second {
  /** Frames a second. */
  scored: number;
  /** Share of the time of the models' threads in which they ran, 0 to 1. */
  busy: number;
  /** Whether frames were lost for want of time by most of the streams. */
  isFull: boolean;
}

/** Seconds in which new evidence takes the place of old: of a full machine, and of one that is half full. */
const FULL_SECONDS = 5;
const PART_SECONDS = 60;
/** With less to do, a run takes few faces, and tells little of one that takes many. */
const LEAST_BUSY = 0.1;
/**
 * Share of the time in which the models run on a full machine, until it shows. The rest goes into what is around them,
 * above all decoding: eight streams of 720p took 1.07 cores, and their ffmpegs 0.44.
 */
const BUSY_WHEN_FULL = 0.6;
/** Losses while the models have time to spare tell of a full machine only when they go on for so many seconds. */
const SPARE_TIME = 0.5;
const GOES_ON = 3;

export class CapacityEstimate {
  #framesPerSecond: number | null;
  #busyWhenFull = BUSY_WHEN_FULL;
  #fullInARow = 0;

  /** @param models what the models' threads would score if they did nothing else; null: not measured */
  constructor(models: number | null) {
    this.#framesPerSecond = models === null ? null : models * BUSY_WHEN_FULL;
  }

  get framesPerSecond(): number | null {
    return this.#framesPerSecond;
  }

  note({ scored, busy, isFull }: Second): void {
    this.#fullInARow = isFull ? this.#fullInARow + 1 : 0;
    if (scored <= 0) return;
    if (isFull) {
      if (busy < SPARE_TIME && this.#fullInARow < GOES_ON) return;
      this.#busyWhenFull = Math.min(
        1,
        approach(this.#busyWhenFull, Math.max(busy, LEAST_BUSY), FULL_SECONDS),
      );
      this.#framesPerSecond = approach(this.#framesPerSecond ?? scored, scored, FULL_SECONDS);
      return;
    }
    if (busy >= LEAST_BUSY) {
      const full = (scored / busy) * this.#busyWhenFull;
      const share = Math.min(1, busy / this.#busyWhenFull);
      // Twice as busy is four times the evidence.
      this.#framesPerSecond = approach(this.#framesPerSecond ?? full, full, PART_SECONDS / (2 * share) ** 2);
    }
    // What was done can be done.
    if (this.#framesPerSecond !== null) this.#framesPerSecond = Math.max(this.#framesPerSecond, scored);
  }
}

/** Exponentially, one second further. */
function approach(value: number, target: number, seconds: number): number {
  return value + (target - value) * (1 - Math.exp(-1 / seconds));
}
