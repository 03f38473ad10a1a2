/**
 * Where recordings in real time are decoded too slowly, there is not the time for all of them. What is decoded too late has cost
 * as much as what is scored, so that fewer are decoded at a time, in turns, each at its whole pace:
 *
 * 1. Of those that are behind some give way, those first that were decoded the longest of late: their ffmpegs end.
 * 2. While none is late, those that wait go on, one after the other, where the clock is by then: those that have waited the
 *    longest, and rather behind a key frame than before the next.
 * 3. As long as others wait, nobody is decoded for longer than its part of a period, and who comes anew waits.
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
/**
 * In which each has its turn, where the shortest turns allow it: nobody is away for much longer than half a minute, or less where only some
 * have to wait.
 */
const PERIOD_MS = 28_000;
/** Of a turn that others wait for: a start costs as much processor time as a second in which frames are decoded and scored. */
const SHORTEST_TURN_MS = 4500;
const LONGEST_TURN_MS = 16_000;
/** A turn is so many times longer than its start was, at least: where starts take long, most of the time would be spent on them. */
const STARTUPS = 2.5;
/** How long it counts that one was decoded, exponentially. */
const REMEMBERED_MS = 30_000;

interface Recording {
  pace: Pace;
  /** `starts`: its ffmpeg has given no frame yet. */
  state: 'waits' | 'starts' | 'runs';
  /** When its turn began, or ended, in milliseconds. */
  since: number;
  /** How long its last start took, in milliseconds. */
  startup: number;
  /** For how many of the last milliseconds it was decoded. */
  served: number;
  /** Others waited when it was opened. */
  isNewcomer: boolean;
  giveWay(): void;
  sinceKeyFrame(): number;
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

  /**
   * A recording begins to be decoded.
   * @param giveWay asks for the end of its ffmpeg, and for `wait`
   * @param sinceKeyFrame how many seconds before the place where it would go on now its last key frame lies; 0: not known
   */
  open(giveWay: () => void, sinceKeyFrame: () => number = () => 0): DecodingTurn {
    const isNewcomer = [...this.#all].some(({ state }) => state === 'waits');
    const one: Recording = {
      ...{ pace: 'kept', state: 'starts', since: this.#now(), startup: 0, served: 0, isNewcomer },
      ...{ giveWay, sinceKeyFrame, goOn() {} },
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
    if (waiting.length > 0)
      for (const one of running) if (one.isNewcomer && one.state === 'runs') this.#end(one);
    if (behind.length === 0) this.#letOn(running, waiting);
    if (all.some(({ state, pace }) => state === 'waits' || pace !== 'kept')) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Others take the places of those whose turn is over; one more goes on where there is the time. */
  #letOn(running: readonly Recording[], waiting: readonly Recording[]): void {
    const part = (PERIOD_MS * running.length) / this.#all.size;
    const turn = Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, part));
    const isOver = (one: Recording) => one.state === 'runs' && this.#for(one) >= atLeast(one, turn);
    const hasTime = running.every(({ pace, state }) => pace === 'kept' && state === 'runs');
    const over = running.filter(isOver).slice(0, waiting.length);
    for (const one of over) this.#end(one);
    const free = over.length + (hasTime ? 1 : 0);
    for (const next of cheapest(waiting).slice(0, free)) this.#goOn(next);
  }

  /** Milliseconds of its turn so far, its start included. */
  #for({ since }: Recording): number {
    return this.#now() - since;
  }

  /** What comes until its ffmpeg has ended tells nothing of the next. */
  #end(one: Recording): void {
    Object.assign(one, { pace: 'kept', since: this.#now(), isNewcomer: false });
    one.giveWay();
  }

  #goOn(one: Recording): void {
    Object.assign(one, { pace: 'kept', state: 'starts', since: this.#now() });
    one.goOn();
  }
}

/**
 * Those first that have waited the longest, or nearly, and have little to decode in vain: a second of that is worth a second of waiting.
 * Each is the first at some time, because what is decoded in vain is seldom more than ten seconds.
 */
function cheapest(waiting: readonly Recording[]): Recording[] {
  const costs = new Map(waiting.map((one) => [one, one.since + 1000 * one.sinceKeyFrame()] as const));
  return waiting.toSorted((one, other) => costs.get(one)! - costs.get(other)!);
}

function atLeast({ startup }: Recording, milliseconds: number): number {
  return Math.max(milliseconds, STARTUPS * startup);
}
