/**
 * Turns presentation timestamps into media time: seconds from the source's own start, always rising. The timestamps of a
 * recording begin there already; a live source starts at 0 with its first frame.
 *
 * A source may restart its clock, or lie about single frames. Frames whose timestamps do not go on from the one before
 * are held back until it shows which it is: when the next goes on where the time was left, those between were wrong, and
 * are spread between; when as many as are held go on from each other, the source's clock was set.
 */
import { maxTimestampGap } from './max-timestamp-gap.ts';

export interface TimedFrame<T> {
  frame: T;
  /** Seconds. */
  mediaTime: number;
}

interface Held<T> {
  frame: T;
  /** Seconds of the source's clock. */
  time: number;
}

/** So many frames that follow each other show that the source's clock was set. */
const MAX_HELD = 3;

export class PtsClock<T> {
  readonly #live: boolean;
  /** Seconds from one frame to the next, usually. */
  readonly #interval: number;
  readonly #firstTime: () => number | null;
  readonly #now: () => number;
  #held: Held<T>[] = [];
  /** What is added to the source's clock. */
  #offset = 0;
  /** The one before: a clock that was wrong for a while may return to it. */
  #previousOffset = 0;
  /** Media time of the last frame; null before the first. */
  #last: number | null = null;
  /** When the last frame came, in milliseconds. */
  #cameAt = 0;

  /**
   * @param firstTime media time of a recording's first frame, asked for when that comes; null: its timestamp
   * @param now milliseconds of a clock that is never set
   */
  constructor(
    live: boolean,
    frameRate: number,
    firstTime: () => number | null = () => null,
    now: () => number = () => performance.now(),
  ) {
    this.#live = live;
    this.#interval = 1 / frameRate;
    this.#firstTime = firstTime;
    this.#now = now;
  }

  /**
   * @param pts microseconds; null: the frame has no timestamp, and comes one interval after the one before
   * @returns the frames whose time is known by now, in order
   */
  add(frame: T, pts: number | null): TimedFrame<T>[] {
    const before = this.#held.at(-1)?.time ?? (this.#last === null ? null : this.#last - this.#offset);
    const time = pts === null ? (before === null ? 0 : before + this.#interval) : pts / 1e6;
    const now = this.#now();
    const waited = this.#live ? (now - this.#cameAt) / 1000 : 0;
    this.#cameAt = now;
    if (this.#last === null) return [this.#begin(frame, time)];
    const longest = maxTimestampGap(this.#interval) + waited;
    this.#held.push({ frame, time });
    const offset = this.#continuingOffset(time, longest);
    if (offset !== null) return this.#release(this.#held.length - 1, offset);
    return this.#held.length < MAX_HELD ? [] : this.#releaseNewLine(longest);
  }

  /** No more frames will come. @returns those that were held back */
  end(): TimedFrame<T>[] {
    return this.#held.length === 0 ? [] : this.#releaseNewLine(maxTimestampGap(this.#interval));
  }

  #begin(frame: T, time: number): TimedFrame<T> {
    this.#offset = (this.#live ? 0 : (this.#firstTime() ?? time)) - time;
    this.#previousOffset = this.#offset;
    this.#last = Math.max(0, time + this.#offset);
    return { frame, mediaTime: this.#last };
  }

  /** With which offset the time goes on from the last frame's, by the smaller step; null: with neither. */
  #continuingOffset(time: number, longest: number): number | null {
    const stepWith = (offset: number) => time + offset - this.#last!;
    const offsets = [this.#offset, this.#previousOffset].filter(
      (offset) => stepWith(offset) > 0 && stepWith(offset) <= longest,
    );
    return offsets.sort((one, other) => one - other)[0] ?? null;
  }

  /** The source's clock was set, or a recording pauses: those of the held frames that follow each other are believed. */
  #releaseNewLine(longest: number): TimedFrame<T>[] {
    const isPause = ({ time }: Held<T>) => !this.#live && time + this.#offset > this.#last!;
    let first = this.#held.length - 1;
    const follows = (i: number) => {
      const before = this.#held[i - 1]!;
      const step = this.#held[i]!.time - before.time;
      return step > 0 && (step <= longest || isPause(before));
    };
    while (first > 0 && follows(first)) first--;
    const { time } = this.#held[first]!;
    const newOffset = this.#last! + (first + 1) * this.#interval - time;
    return this.#release(first, isPause(this.#held[first]!) ? this.#offset : newOffset);
  }

  /** @param first of the held frames whose timestamp is believed; those before it are spread between */
  #release(first: number, offset: number): TimedFrame<T>[] {
    const last = this.#last!;
    const step = (this.#held[first]!.time + offset - last) / (first + 1);
    const released = this.#held.map(({ frame, time }, i) => {
      return { frame, mediaTime: i < first ? last + (i + 1) * step : time + offset };
    });
    this.#held = [];
    if (offset !== this.#offset) [this.#offset, this.#previousOffset] = [offset, this.#offset];
    this.#last = released.at(-1)!.mediaTime;
    return released;
  }
}
