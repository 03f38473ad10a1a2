/**
 * Where recordings in real time are decoded too slowly, there is not the time for all of them. What is decoded too late has cost
 * as much as what is scored, so that fewer are decoded at a time, in turns, each at its whole pace:
 *
 * 1. How many are decoded at a time follows how late their frames come: fewer where they come late, slowly more where they come in time.
 * 2. One after the other goes on where the clock is by then, each once in half a minute: whoever was decoded the least of late, and
 *    rather behind a key frame than before the next.
 * 3. Whoever makes one too many gives way: the one whose turn has lasted the longest ends its ffmpeg.
 * 4. Who stays behind for seconds gives way as well, and who comes anew while others wait.
 */
import { DecoderCount, LAG } from './decoder-count.ts';
import type { Pace } from './frames/punctuality.ts';
import {
  cheapest,
  isDecoded,
  isServed,
  MOST_LAG,
  mean,
  meanLag,
  type Recording,
  shortestTurn,
} from './recording-turn.ts';

/** One recording, as it is decoded. */
export interface DecodingTurn {
  /** A frame came. @param lag seconds that it came late */
  came(pace: Pace, lag: number): void;
  /** Its ffmpeg has ended. Resolves when the next one may begin, or it is closed. */
  wait(): Promise<void>;
  close(): void;
}

/** So often, while any is late or waits. */
const STEP_MS = 250;
/** In which each has its turn, where the shortest turns allow it. */
const PERIOD_MS = 30_000;
/** At most this part of those that are decoded starts. */
const STARTING = 1 / 2;
/** So many may be missing until somebody's time comes; where it is more, one goes on each step. */
const MISSING = 2;

export class DecodingTurns {
  readonly #now: () => number;
  readonly #all = new Set<Recording>();
  #timer: NodeJS.Timeout | undefined;
  #count = new DecoderCount(0);
  #wentOnAt = 0;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * A recording begins to be decoded.
   * @param giveWay asks for the end of its ffmpeg, and for `wait`
   * @param sinceKeyFrame how many seconds before the place where it would go on now its last key frame lies; 0: not known
   */
  open(giveWay: () => void, sinceKeyFrame: () => number = () => 0): DecodingTurn {
    const others = [...this.#all];
    const one: Recording = {
      ...{ pace: 'kept', lag: 0, state: 'starts', since: this.#now(), startup: 0, isTooSlow: false },
      ...{ served: mean(others.map(({ served }) => served)) },
      ...{ isNewcomer: others.some(({ state }) => state === 'waits') },
      ...{ giveWay, sinceKeyFrame, goOn() {} },
    };
    this.#all.add(one);
    return {
      came: (pace, lag) => {
        if (one.state === 'waits') return;
        if (one.state === 'starts') one.startup = this.#for(one);
        Object.assign(one, { pace, lag: Math.min(Math.max(0, lag), MOST_LAG), state: 'runs' });
        if (pace !== 'kept') this.#watch();
      },
      wait: () => this.#wait(one),
      close: () => {
        this.#all.delete(one);
        one.goOn();
      },
    };
  }

  #wait(one: Recording): Promise<void> {
    if (!this.#all.has(one)) return Promise.resolve();
    one.state = 'waits';
    this.#watch();
    return new Promise((resolve) => {
      one.goOn = resolve;
    });
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    // Until now all were decoded all the time.
    for (const one of this.#all) one.served = 0;
    this.#count = new DecoderCount(this.#all.size);
    this.#timer = setInterval(() => this.#step(), STEP_MS).unref();
  }

  #step(): void {
    const all = [...this.#all];
    for (const one of all)
      one.served += (isServed(one) ? STEP_MS : 0) - (one.served * STEP_MS) / (this.#between * all.length);
    const running = all.filter(isDecoded);
    const waiting = all.filter(({ state }) => state === 'waits');
    const starting = running.filter(({ state }) => state === 'starts').length;
    // Of those that start nothing is known.
    const lag = starting > running.length / 2 ? LAG : meanLag(running);
    this.#count.follow(lag, STEP_MS / 1000, all.length);
    this.#endThoseBehind(running);
    if (waiting.length > 0)
      for (const one of running) if (one.isNewcomer && one.state === 'runs') this.#end(one);
    this.#endLongest(running);
    this.#letOn(running, waiting);
    if (all.some(({ state, pace }) => state === 'waits' || state === 'ends' || pace !== 'kept')) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #endThoseBehind(running: readonly Recording[]): void {
    for (const one of running) {
      if (one.pace !== 'behind' || this.#for(one) < shortestTurn(one)) continue;
      one.isTooSlow = meanLag(running.filter((other) => other !== one)) < LAG;
      this.#end(one);
    }
  }

  #endLongest(running: readonly Recording[]): void {
    const left = running.filter(isDecoded);
    const tooMany = Math.max(0, Math.round(left.length - this.#count.now));
    const ready = left.filter((one) => one.state === 'runs' && this.#for(one) >= shortestTurn(one));
    for (const one of ready.sort((a, b) => a.since - b.since).slice(0, tooMany)) {
      one.isTooSlow = false;
      this.#end(one);
    }
  }

  #letOn(running: readonly Recording[], waiting: readonly Recording[]): void {
    const between = this.#between;
    this.#wentOnAt = Math.max(this.#wentOnAt, this.#now() - 2 * between);
    const due = Math.floor((this.#now() - this.#wentOnAt) / between);
    this.#wentOnAt += due * between;
    const left = running.filter(isDecoded).length;
    const missing = this.#count.settled - left;
    const hasTimeForAll = Math.round(this.#count.settled) === this.#all.size;
    const next = missing > MISSING || hasTimeForAll || left === 0 ? Math.max(1, due) : due;
    const starting = running.filter(({ state }) => state === 'starts').length;
    const most = Math.max(0, Math.ceil(STARTING * this.#count.settled) - starting);
    for (const one of cheapest(waiting).slice(0, Math.min(next, most))) this.#goOn(one);
  }

  /** Milliseconds from one that goes on to the next. */
  get #between(): number {
    const turns = [...this.#all].filter(isDecoded).map(shortestTurn);
    return Math.max(PERIOD_MS / this.#all.size, mean(turns) / this.#count.settled);
  }

  /** Milliseconds of its turn so far, its start included. */
  #for({ since }: Recording): number {
    return this.#now() - since;
  }

  /** Until it waits; where it does not, because it was being read from another place, its next frame says so. */
  #end(one: Recording): void {
    Object.assign(one, { state: 'ends', pace: 'kept', lag: 0, isNewcomer: false });
    one.giveWay();
  }

  #goOn(one: Recording): void {
    Object.assign(one, { pace: 'kept', lag: 0, state: 'starts', since: this.#now() });
    one.goOn();
  }
}
