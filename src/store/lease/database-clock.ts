/**
 * The clock of a database that servers share, as each of them reads it: what they record has its times, whatever their own clocks show.
 *
 * 1. A sample is a question whose answer tells what the database's clock showed. It is right to half the time that it took.
 * 2. Of the last ones that counts which took the least time, by a clock that nobody sets (`performance.now`).
 * 3. Those that a newer one contradicts are forgotten: the database's clock was set, or this machine slept.
 * 4. While this machine's clock is half a second off at most, times are its own: it is finer than the sample. From there on, where
 *    that is beyond doubt, they are the database's.
 */
import type { Log } from '../../domain/log.ts';
import { OWN_CLOCK, type RecordClock } from '../../domain/record-clock.ts';
import { repeat } from '../../threads/repeat.ts';
import type { RunPrepared } from '../sql/run-prepared.ts';

export interface ClockSample {
  /** When it was asked and answered, by `performance.now()`. */
  askedAt: number;
  answeredAt: number;
  /** Milliseconds since the epoch, by the database's clock. */
  time: number;
}

export interface StoreClock extends RecordClock {
  /** Seconds by which the database's clock is ahead of this machine's; 0 where it is this machine's. */
  readonly offset: number;
  take(sample: ClockSample): void;
}

/** What a sample says: the database's clock, when `performance.now()` is 0, and by how much that may be wrong; in milliseconds. */
interface Reading {
  base: number;
  doubt: number;
}

export interface DatabaseClockOptions {
  log?: Pick<Log, 'info' | 'warn'> | undefined;
  /** This machine's clock, which may be set at any time. */
  own?: () => number;
  /** One that goes on evenly. */
  elapsed?: () => number;
}

/** So many samples are remembered. */
const RECENT = 16;
/** From so many milliseconds on the two clocks count as unlike, and … */
const APART_MS = 500;
/** … up to so many as alike again, so that it is not now this one, now that. */
const TOGETHER_MS = 250;
/** So many milliseconds two clocks go apart meanwhile, without having been set. */
const DRIFT_MS = 50;

export class DatabaseClock implements StoreClock {
  readonly isShared = true;
  readonly #log: DatabaseClockOptions['log'];
  readonly #own: () => number;
  readonly #elapsed: () => number;
  #recent: Reading[] = [];
  #best: Reading | null = null;
  #isApart = false;
  /** When the last sample was asked for. */
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor({ log, own = OWN_CLOCK.now, elapsed = () => performance.now() }: DatabaseClockOptions = {}) {
    this.#log = log;
    this.#own = own;
    this.#elapsed = elapsed;
  }

  readonly now = (): number => {
    const own = this.#own();
    const shared = this.#shared(own);
    this.#compare(own, shared);
    return this.#isApart ? Math.round(shared) : own;
  };

  get offset(): number {
    const own = this.#own();
    return (this.#shared(own) - own) / 1000;
  }

  /** Milliseconds since the last sample. */
  get age(): number {
    return this.#elapsed() - this.#askedAt;
  }

  take({ askedAt, answeredAt, time }: ClockSample): void {
    const reading = { base: time - (askedAt + answeredAt) / 2, doubt: (answeredAt - askedAt) / 2 };
    this.#askedAt = askedAt;
    this.#recent = [...this.#recent.filter((one) => isLike(one, reading)), reading].slice(-RECENT);
    this.#best = this.#recent.reduce((best, one) => (one.doubt < best.doubt ? one : best));
    const own = this.#own();
    this.#compare(own, this.#shared(own));
  }

  #shared(own: number): number {
    return this.#best === null ? own : this.#elapsed() + this.#best.base;
  }

  #compare(own: number, shared: number): void {
    const apart = Math.abs(shared - own);
    const least = this.#isApart ? TOGETHER_MS : APART_MS + (this.#best?.doubt ?? 0);
    if (apart >= least === this.#isApart) return;
    this.#isApart = !this.#isApart;
    if (this.#isApart) this.#log?.warn({ own: iso(own), database: iso(shared) }, offSentence(own, shared));
    else this.#log?.info({}, 'the clock of this machine shows what that of the database does again');
  }
}

/** Whether both can be true. */
function isLike(one: Reading, other: Reading): boolean {
  return Math.abs(one.base - other.base) <= one.doubt + other.doubt + DRIFT_MS;
}

function offSentence(own: number, shared: number): string {
  const seconds = (Math.abs(own - shared) / 1000).toFixed(1);
  const way = own > shared ? 'ahead of' : 'behind';
  return `the clock of this machine is ${seconds} s ${way} that of the database (here ${iso(own)}, there ${iso(shared)}): what is recorded has the database's times. Set the clock (NTP)`;
}

const iso = (time: number) => new Date(time).toISOString();

const ASK = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8::text';
/** The first time so often, since the first question on a connection takes longest. */
const FIRST = 3;
/** So often it is asked where no lease is renewed, which tells it, too; in milliseconds. */
const EVERY_MS = 10_000;

/** @param run over a connection on which nothing waits */
export async function openClock(
  run: RunPrepared,
  log: DatabaseClockOptions['log'],
): Promise<{ clock: StoreClock; keepRight(): () => Promise<void> }> {
  const clock = new DatabaseClock({ log });
  let isSilent = false;
  /** Never rejects: until it is known, and while the database is away, what was known counts. */
  const ask = async () => {
    const askedAt = performance.now();
    try {
      const [time] = await run(ASK, []);
      clock.take({ askedAt, answeredAt: performance.now(), time: Number(time) });
      isSilent = false;
    } catch (error) {
      if (!isSilent)
        log?.warn({ err: error }, 'the database could not be asked what its clock shows; it is tried again');
      isSilent = true;
    }
  };
  for (let count = 0; count < FIRST; count++) await ask();
  const look = async () => {
    if (clock.age >= EVERY_MS) await ask();
  };
  return { clock, keepRight: () => repeat(EVERY_MS, look) };
}

/** Of a database that nobody else can have open. */
export const OWN_STORE_CLOCK: StoreClock = { ...OWN_CLOCK, offset: 0, take() {} };
