/**
 * Where recordings in real time are decoded too slowly, there is not the time for all of them. What is decoded too late has cost
 * as much as what is scored, so that fewer are decoded at a time, in turns, each at its whole pace:
 *
 * 1. Of those that are behind some give way, those first that were decoded the longest of late: their ffmpegs end.
 * 2. While none is late, those that wait go on, one after the other, where the clock is by then.
 * 3. As long as others wait, nobody is decoded for longer than its part of a period.
 */
import type { Pace } from './frames/punctuality.ts';

/** One recording, as it is decoded. */
export interface DecodingTurn {
  /** A frame came. */
  came(pace: Pace): void;
  /** Its ffmpeg has ended. Resolves when the next one may begin, or it is closed. */
  wait(): Promise<void>;
  close(): void;
}

/** So often, while any is late or waits. */
const STEP_MS = 250;
/** Of those that are behind this part gives way at once: it shows only a moment later what that has brought. */
const LEAVING = 1 / 4;
/** As long at least until one that is behind gives way: each start costs one of ffmpeg, and what it decodes from the last key frame on. */
const SHORTEST_TURN_MS = 5000;
/** Of a turn that others wait for. */
const TURN_MS = 8000;
/** In which each has its turn, where that takes no longer than `TURN_MS` allows. */
const PERIOD_MS = 20_000;
/** A turn is so many times longer than its start was, at least. */
const STARTUPS = 2;
/** How long it counts that one was decoded, exponentially. */
const REMEMBERED_MS = 30_000;

interface Recording {
  pace: Pace;
  /** `starts`: its ffmpeg has given no frame yet. */
  state: 'waits' | 'starts' | 'runs';
  /** When its turn began, in milliseconds. */
  since: number;
  /** How long its last start took, in milliseconds. */
  startup: number;
  /** For how many of the last milliseconds it was decoded. */
  served: number;
  giveWay(): void;
  goOn(): void;
}

export class DecodingTurns {
  readonly #now: () => number;
  readonly #all = new Set<Recording>();
  #timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A recording begins to be decoded. @param giveWay asks for the end of its ffmpeg, and for `wait` */
  open(giveWay: () => void): DecodingTurn {
    const one: Recording = {
      ...{ pace: 'kept', state: 'starts', since: this.#now(), startup: 0, served: 0 },
      ...{ giveWay, goOn() {} },
    };
    this.#all.add(one);
    return {
      came: (pace) => {
        if (one.state === 'waits') return;
        one.pace = pace;
        if (one.state === 'starts') Object.assign(one, { state: 'runs', startup: this.#for(one) });
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
    one.pace = 'kept';
    this.#watch();
    return new Promise((resolve) => {
      one.goOn = resolve;
    });
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    // Until now all were decoded all the time.
    for (const one of this.#all) one.served = 0;
    this.#timer = setInterval(() => this.#step(), STEP_MS).unref();
  }

  #step(): void {
    const all = [...this.#all].sort((one, other) => other.served - one.served);
    for (const one of all)
      one.served += (one.state === 'runs' ? STEP_MS : 0) - (one.served * STEP_MS) / REMEMBERED_MS;
    const running = all.filter(({ state }) => state !== 'waits');
    const waiting = all.filter(({ state }) => state === 'waits');
    const behind = running.filter(
      (one) => one.pace === 'behind' && this.#for(one) >= atLeast(one, SHORTEST_TURN_MS),
    );
    for (const one of behind.slice(0, Math.ceil(LEAVING * behind.length))) this.#end(one);
    if (behind.length === 0) this.#letOn(running, waiting);
    if (all.some(({ state, pace }) => state === 'waits' || pace !== 'kept')) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The next one goes on, where there is the time, or in the place of the one that was decoded the longest. */
  #letOn(running: readonly Recording[], waiting: readonly Recording[]): void {
    const next = waiting.at(-1);
    if (!next) return;
    const turn = Math.max(TURN_MS, (PERIOD_MS * running.length) / this.#all.size);
    const isOver = (one: Recording) => this.#for(one) >= one.startup + atLeast(one, turn);
    const last = running.find((one) => one.state === 'runs' && isOver(one));
    const hasTime = running.every(({ pace, state }) => pace === 'kept' && state === 'runs');
    if (last) this.#end(last);
    if (last || hasTime) this.#goOn(next);
  }

  /** Milliseconds of its turn so far, its start included. */
  #for({ since }: Recording): number {
    return this.#now() - since;
  }

  /** What comes until its ffmpeg has ended tells nothing of the next. */
  #end(one: Recording): void {
    one.pace = 'kept';
    one.since = this.#now();
    one.giveWay();
  }

  #goOn(one: Recording): void {
    Object.assign(one, { pace: 'kept', state: 'starts', since: this.#now() });
    one.goOn();
  }
}

/** Of a machine on which starts take long most of the time would be spent on them. */
function atLeast({ startup }: Recording, milliseconds: number): number {
  return Math.max(milliseconds, STARTUPS * startup);
}
