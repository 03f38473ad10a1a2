/** The rate of one running stream, and what became of its frames of late. */
import type { Priority } from '../../domain/stream.ts';

/** A recording is read as fast as it is scored; it waits, and loses nothing. */
export type RateClass = Priority | 'RECORDING';

/** A stream as those see it who run it. */
export interface ControlledStream {
  /** Frames a second that it may take now; Infinity: as many as can be scored. */
  readonly rate: number;
  scored(frames: number): void;
  /** Frames that were lost for want of time. */
  lost(frames: number): void;
  /** Frames that were left out because its rate is less than it asks for. */
  leftOut(frames: number): void;
  /** A recording that waits for its turn has none. */
  setPriority(priority: Priority): void;
  close(): void;
}

/** Frames a second that a stream keeps, however little time there is; a recording keeps more, so that it comes to its end. */
const LEAST_RATE = 0.2;
const LEAST_RATE_OF_RECORDING = 1;

/** Share of the frames, and number of them, that may be lost in a window: at times something else takes a moment. */
const TOLERATED_SHARE = 0.05;
const TOLERATED_FRAMES = 1;
/** Seconds over which losses are summed. */
const WINDOW = 3;
/** In a window with fewer frames a stream's own share says little. */
const TELLING_FRAMES = 10;
/** What it falls to, of what was scored: this leaves room for what waits. And the deepest fall at once. */
const BELOW_SCORED = 0.95;
const DEEPEST_FALL = 0.25;
/** The first step up, of what it asks for, and how many times larger each further one is. */
const FIRST_STEP = 0.02;
const STEP_GROWTH = 4;

export interface Counts {
  scored: number;
  lost: number;
  leftOut: number;
}

const NONE: Counts = { scored: 0, lost: 0, leftOut: 0 };

/** Whether more was lost than may happen. @param tolerated number of frames */
export function hasLost({ scored, lost }: Counts, tolerated = TOLERATED_FRAMES): boolean {
  return lost > tolerated && lost > TOLERATED_SHARE * (scored + lost);
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum = (of: keyof Counts) => all.reduce((total, counts) => total + counts[of], 0);
  return { scored: sum('scored'), lost: sum('lost'), leftOut: sum('leftOut') };
}

export class StreamRate implements ControlledStream {
  rate: number;
  rateClass: RateClass;
  readonly close: () => void;
  /** Times in a row that others fell for it. */
  sparedInARow = 0;
  readonly #most: number;
  /** Frames a second that a recording took while nothing held it back. */
  #pace = 0;
  #now: Counts = { ...NONE };
  #window: Counts[] = [];
  #step = FIRST_STEP;
  /** What was on its way when it fell, or when others did for it, tells of the time before. */
  #isSettling = false;

  /** @param most frames a second that it asks for; Infinity: as many as can be scored */
  constructor(most: number, rateClass: RateClass, onClose: () => void) {
    this.#most = most;
    this.rate = most;
    this.rateClass = rateClass;
    this.close = onClose;
  }

  scored(frames: number): void {
    this.#now.scored += frames;
  }

  lost(frames: number): void {
    this.#now.lost += frames;
  }

  leftOut(frames: number): void {
    this.#now.leftOut += frames;
  }

  setPriority(priority: Priority): void {
    if (this.rateClass !== 'RECORDING') this.rateClass = priority;
  }

  get asked(): number {
    return this.#most === Number.POSITIVE_INFINITY ? this.#pace : this.#most;
  }

  /** Whether it has its whole rate. */
  get isWhole(): boolean {
    return this.rate === this.#most;
  }

  /** Of the last seconds, since it changed its rate. */
  get counts(): Counts {
    return sumOf(this.#window);
  }

  /** Whether it lost more than may happen; while all together do, each frame counts. */
  hasLost(isCommon: boolean): boolean {
    return hasLost(this.counts, isCommon ? 0 : TOLERATED_FRAMES);
  }

  get lostPerSecond(): number {
    return this.counts.lost / Math.max(1, this.#window.length);
  }

  /** Frames a second that it can do without. */
  get spare(): number {
    return Math.max(0, Math.min(this.rate, this.asked) - this.#least);
  }

  endTick(): Counts {
    const counts = this.#now;
    this.#now = { ...NONE };
    if (this.rate === Number.POSITIVE_INFINITY) this.#pace += (counts.scored - this.#pace) / WINDOW;
    if (!this.#isSettling) this.#window = [...this.#window, counts].slice(-WINDOW);
    this.#isSettling = false;
    return counts;
  }

  /** To what was scored of it, and a little below. @param common what was scored and lost of all, where it has too few frames */
  fall(common: Counts): void {
    const own = this.counts;
    const { scored, lost } = own.scored + own.lost < TELLING_FRAMES && common.lost > 0 ? common : own;
    this.#changeTo(this.rate * Math.max(DEEPEST_FALL, (BELOW_SCORED * scored) / (scored + lost)));
    this.sparedInARow = 0;
  }

  /** Others fell for it. */
  spared(): void {
    this.#changeTo(this.rate);
    this.sparedInARow += 1;
  }

  /** Falls by so many frames a second. */
  give(framesPerSecond: number): void {
    this.#changeTo(Math.min(this.rate, this.asked) - framesPerSecond);
  }

  /** By its next step, unless it lost a frame, or has just fallen. @param slowly streams that come first are short of time */
  rise(slowly: boolean): void {
    if (this.isWhole || this.#isSettling) return;
    if (this.counts.lost > 0) return;
    this.sparedInARow = 0;
    const rate = this.rate + this.#step * this.asked;
    this.rate = rate < this.asked ? rate : this.#most;
    this.#step *= slowly ? 1 : STEP_GROWTH;
  }

  get #least(): number {
    return this.rateClass === 'RECORDING' ? LEAST_RATE_OF_RECORDING : Math.min(LEAST_RATE, this.#most);
  }

  #changeTo(rate: number): void {
    this.rate = Math.max(this.#least, rate);
    this.#window = [];
    this.#step = FIRST_STEP;
    this.#isSettling = true;
  }
}
