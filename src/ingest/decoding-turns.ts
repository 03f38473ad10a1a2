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
  LONGEST_START_MS,
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
/** Of those that are decoded at most this part is being started for a turn. */
const STARTING = 1 / 2;
/** Where more than so many more could be decoded, one goes on each step, without waiting for its time. */
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
      ...{ pace: 'kept', lag: 0, state: 'opens', since: this.#now(), startup: 0, isTooSlow: false },
      ...{ served: mean(others.map(({ served }) => served)) },
      ...{ isNewcomer: others.some(({ state }) => state === 'waits') && !this.#hasTimeForAll },
      ...{ giveWay, sinceKeyFrame, goOn() {} },
    };
    if (this.#hasTimeForAll) this.#count.add();
    this.#all.add(one);
    return {
      came: (pace, lag) => {
        if (one.state === 'waits' || !this.#all.has(one)) return;
        if (one.state === 'starts' || one.state === 'opens')
          one.startup = Math.min(LONGEST_START_MS, this.#for(one));
        one.state = 'runs';
        one.pace = pace;
        one.lag = Math.min(Math.max(0, lag), MOST_LAG);
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
    this.#wentOnAt = this.#now();
    this.#timer = setInterval(() => this.#step(), STEP_MS).unref();
  }

  #step(): void {
    const all = [...this.#all];
    if (all.every(({ state, pace }) => state !== 'waits' && state !== 'ends' && pace === 'kept')) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const running = this.#decoded();
    const waiting = all.filter(({ state }) => state === 'waits');
    const starting = running.filter(({ state }) => state === 'starts').length;
    // As long as most start, that none is late says nothing.
    const atLeast = starting > running.length / 2 ? LAG : 0;
    this.#count.follow(Math.max(atLeast, meanLag(running, this.#now())), STEP_MS / 1000, all.length);
    const between = this.#between(running);
    for (const one of all)
      one.served +=
        (isServed(one, this.#now()) ? STEP_MS : 0) - (one.served * STEP_MS) / (between * all.length);
    this.#endThoseBehind(all, running);
    for (const one of running) {
      if (one.isNewcomer && one.state === 'runs' && waiting.length > 0) this.#end(one);
      one.isNewcomer = false;
    }
    this.#endLongest();
    this.#letOn(waiting, between);
  }

  #decoded(): Recording[] {
    return [...this.#all].filter(isDecoded);
  }

  get #hasTimeForAll(): boolean {
    return Math.round(this.#count.sustained) >= this.#all.size;
  }

  #endThoseBehind(all: readonly Recording[], running: readonly Recording[]): void {
    const behind = all.filter((one) =>
      one.state === 'starts'
        ? this.#for(one) >= LONGEST_START_MS
        : one.state === 'runs' && one.pace === 'behind' && this.#for(one) >= shortestTurn(one),
    );
    for (const one of behind) {
      const others = running.filter((other) => other !== one);
      one.isTooSlow = others.length > 0 && meanLag(others, this.#now()) < LAG;
    }
    for (const one of behind) this.#end(one);
  }

  #endLongest(): void {
    const running = this.#decoded();
    const tooMany = Math.max(0, Math.round(running.length - this.#count.current));
    const ready = running.filter((one) => one.state === 'runs' && this.#for(one) >= shortestTurn(one));
    for (const one of ready.sort((a, b) => a.since - b.since).slice(0, tooMany)) {
      one.isTooSlow = false;
      this.#end(one);
    }
  }

  /** @param between milliseconds from one that goes on to the next */
  #letOn(waiting: readonly Recording[], between: number): void {
    this.#wentOnAt = Math.max(this.#wentOnAt, this.#now() - 2 * between);
    const due = Math.floor((this.#now() - this.#wentOnAt) / between);
    this.#wentOnAt += due * between;
    const running = this.#decoded();
    const isMissing =
      running.length < this.#count.sustained - MISSING || this.#hasTimeForAll || running.length === 0;
    const next = isMissing ? Math.max(1, due) : due;
    const starting = running.filter(({ state }) => state === 'starts').length;
    const most = Math.max(0, Math.ceil(STARTING * this.#count.sustained) - starting);
    for (const one of cheapest(waiting).slice(0, Math.min(next, most))) this.#goOn(one);
  }

  #between(running: readonly Recording[]): number {
    return Math.max(PERIOD_MS / this.#all.size, mean(running.map(shortestTurn)) / this.#count.sustained);
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
