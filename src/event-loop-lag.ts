/**
 * How late the event loop comes to its timers. To measure that takes a timer of some milliseconds, which would wake an idle
 * server hundreds of times a second: so it runs only while the loop has work, about which one timer a second asks.
 */
import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';

/** Milliseconds; what is measured of a loop that is never late is one of these. */
const RESOLUTION = 10;
const ASK_EVERY_MS = 1000;
/** Share of a second with work from which the loop is watched. */
const BUSY_SHARE = 0.05;

/** Seconds, of the last stretch of time in which the loop had work; 0 where it had none since the last reading. */
export interface EventLoopLag {
  /** Of all stretches since the last reading. */
  longest: number;
  min: number;
  mean: number;
  stddev: number;
  p50: number;
  p90: number;
  p99: number;
}

/** Begins to watch the event loop of this thread. */
export class EventLoopWatch {
  /** A new one for each stretch of work: one that is enabled again counts the rest before as a delay. */
  #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  readonly #askEvery: number;
  readonly #timer: NodeJS.Timeout;
  #usedBefore: EventLoopUtilization = performance.eventLoopUtilization();
  #askedAt = performance.now();
  /** Longest delay since the last reading that the histogram does not hold, in milliseconds. */
  #longest = 0;
  #isWatching = false;

  /** @param askEvery milliseconds from one question, whether the loop has work, to the next */
  constructor(askEvery = ASK_EVERY_MS) {
    this.#askEvery = askEvery;
    this.#timer = setInterval(() => this.#ask(), askEvery);
    this.#timer.unref();
  }

  /** What was measured since the last call. */
  read(): EventLoopLag {
    const { count, min, max, mean, stddev } = this.#histogram;
    const longest = Math.max(this.#longest, max / 1e6) / 1000;
    this.#longest = 0;
    if (count === 0) return { longest, min: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 };
    const percentile = (share: number) => this.#histogram.percentile(share) / 1e9;
    const lag = { longest, min: min / 1e9, mean: mean / 1e9, stddev: stddev / 1e9 };
    const percentiles = { p50: percentile(50), p90: percentile(90), p99: percentile(99) };
    this.#histogram.reset();
    return { ...lag, ...percentiles };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #ask(): void {
    const now = performance.now();
    const used = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(used, this.#usedBefore).utilization > BUSY_SHARE;
    // This timer is itself one that the loop may come late to, also when nothing else watches it.
    this.#longest = Math.max(this.#longest, now - this.#askedAt - this.#askEvery);
    [this.#usedBefore, this.#askedAt] = [used, now];
    if (busy === this.#isWatching) return;
    this.#isWatching = busy;
    if (!busy) {
      this.#histogram.disable();
      return;
    }
    this.#longest = Math.max(this.#longest, this.#histogram.max / 1e6);
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#histogram.enable();
  }
}
