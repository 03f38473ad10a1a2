/**
 * What runs, what it costs, and what each stream may take of it: once a second, while anything runs, rates follow what
 * was lost, and the estimate of the capacity follows what was scored.
 */
import type { Capacity } from '../../domain/capacity.ts';
import type { Log } from '../../domain/log.ts';
import { type Priority, runsInRealTime, type StreamRecord } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import { CapacityEstimate } from './capacity-estimate.ts';
import { FrameRateControl } from './frame-rate-control.ts';
import { averageUsed, StreamLoad } from './stream-load.ts';

export interface LoadDeps {
  /** Frames a second that the models would score if they did nothing else; null: not measured. */
  modelRate: number | null;
  /** How long the models ran, in seconds since the start, summed over so many threads. */
  work(): { seconds: number; threads: number };
  /** Whether streams may ask for more than can be scored. */
  overcommit: boolean;
  metrics?: LoadMetrics | undefined;
  log: Log;
}

interface LoadMetrics {
  /** Null: it does not run in real time any more. */
  effectiveFrameRate(streamId: string, framesPerSecond: number | null): void;
  /** Streams that get fewer frames than they ask for. */
  overloaded(streams: number): void;
  capacity(framesPerSecond: number): void;
}

const TICK_MS = 1000;
/** Changes that are told within a second, at most: a subscriber to all has room for 64. */
const TOLD_AT_ONCE = 16;

type Claimant = Pick<StreamRecord, 'frameRate' | 'realtime' | 'source'>;

export class LoadControl {
  readonly #deps: LoadDeps;
  readonly #rates = new FrameRateControl();
  readonly #estimate: CapacityEstimate;
  /** By the id of the stream. */
  readonly #running = new Map<string, StreamLoad>();
  #timer: NodeJS.Timeout | undefined;
  #last = { at: 0, work: 0 };
  #used = 0;
  /** Frames a second of streams that are being started. */
  #claimed = 0;
  #overloaded = 0;

  constructor(deps: LoadDeps) {
    this.#deps = deps;
    this.#estimate = new CapacityEstimate(deps.modelRate);
  }

  /** A session of a stream begins. @param onChange its effective rate is told anew */
  open(stream: StreamRecord, onChange: () => void): StreamLoad {
    const load = new StreamLoad(stream, this.#rates, onChange, () => this.#closed(stream.id, load));
    this.#running.set(stream.id, load);
    if (this.#timer === undefined) this.#begin();
    return load;
  }

  /** Of a running stream, from now on; harmless when it does not run. */
  setPriority(streamId: string, priority: Priority): void {
    this.#running.get(streamId)?.setPriority(priority);
  }

  /** Frames a second that a running stream is scored at, at most; null when it does not run, or not in real time. */
  effectiveFrameRate(streamId: string): number | null {
    return this.#running.get(streamId)?.effectiveFrameRate ?? null;
  }

  /** Whether it gets fewer frames than it asks for. */
  isOverloaded(streamId: string): boolean {
    return this.#running.get(streamId)?.isOverloaded ?? false;
  }

  /** @param of the ids of the streams that count: of these only is told what they get and ask for; none given: all */
  capacity(of?: ReadonlySet<string>): Capacity {
    if (of) return this.#partOfCapacity(of);
    const { framesPerSecond: estimate } = this.#estimate;
    const framesPerSecond = estimate === null ? null : inTenths(estimate);
    const asked = [...this.#running.values()].reduce((sum, load) => sum + load.demand, this.#claimed);
    const left = framesPerSecond === null ? null : inTenths(Math.max(0, framesPerSecond - asked));
    return { framesPerSecond, used: inTenths(this.#used), asked: inTenths(asked), left };
  }

  /** What the machine can score, and what is left of it, would tell of the others. */
  #partOfCapacity(of: ReadonlySet<string>): Capacity {
    const counted = [...this.#running.values()].filter(({ streamId }) => of.has(streamId));
    const sum = (of: (load: StreamLoad) => number) =>
      inTenths(counted.reduce((all, one) => all + of(one), 0));
    return {
      framesPerSecond: null,
      used: sum(({ used }) => used),
      asked: sum(({ demand }) => demand),
      left: null,
    };
  }

  /** What those who run this stream should know. @param totals whether they may know what all streams ask for */
  warnings(streamId: string, { totals } = { totals: true }): string[] {
    const { framesPerSecond, asked } = this.capacity();
    const runsInRealTime = (this.#running.get(streamId)?.demand ?? 0) > 0;
    if (!runsInRealTime || framesPerSecond === null || asked <= framesPerSecond) return [];
    const sentence = totals ? tooMuch(asked, framesPerSecond) : TOO_MUCH;
    return [`${sentence} Each stream gets fewer frames than it asks for: ${REMEDY}`];
  }

  /**
   * Does what starts a stream; whoever asks meanwhile finds its frames asked for.
   * @param live whether it is known to be; null: by its kind
   * @throws MienError OVER_CAPACITY when there is not the time for it, and streams may not ask for more than can be scored
   */
  async claimed<T>(stream: Claimant, live: boolean | null, start: () => Promise<T>): Promise<T> {
    const claim = runsInRealTime(stream, live) ? stream.frameRate : 0;
    const { framesPerSecond, asked } = this.capacity();
    if (this.isFullFor(stream, live)) throw overCapacity(asked + claim, framesPerSecond ?? 0);
    this.#claimed += claim;
    try {
      return await start();
    } finally {
      this.#claimed -= claim;
    }
  }

  /** Whether there is not the time for it, and streams may not ask for more than can be scored. @param live as above */
  isFullFor(stream: Claimant, live: boolean | null): boolean {
    const { framesPerSecond, asked } = this.capacity();
    if (this.#deps.overcommit || framesPerSecond === null || !runsInRealTime(stream, live)) return false;
    return asked + stream.frameRate > framesPerSecond;
  }

  #begin(): void {
    this.#last = { at: performance.now(), work: this.#deps.work().seconds };
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  #tick(): void {
    const running = [...this.#running.values()];
    this.#measure(running);
    this.#rates.tick();
    const { metrics } = this.#deps;
    let told = 0;
    for (const load of running) {
      metrics?.effectiveFrameRate(load.streamId, load.effectiveFrameRate);
      if (load.follow(told < TOLD_AT_ONCE)) told += 1;
    }
    this.#tellOverload(running);
    const { framesPerSecond } = this.#estimate;
    if (framesPerSecond !== null) metrics?.capacity(framesPerSecond);
  }

  /** What was scored in the last second, and in how much of the models' time. */
  #measure(running: readonly StreamLoad[]): void {
    const { seconds, threads } = this.#deps.work();
    const at = performance.now();
    const elapsed = (at - this.#last.at) / 1000;
    const busy = Math.min(1, (seconds - this.#last.work) / (elapsed * threads));
    this.#last = { at, work: seconds };
    const counts = running.map((load) => load.endSecond(elapsed));
    const scored = counts.reduce((sum, { scored }) => sum + scored, 0) / elapsed;
    this.#used = averageUsed(this.#used, scored, elapsed);
    this.#estimate.note({ scored, busy, isFull: isFull(counts) });
  }

  #tellOverload(running: readonly StreamLoad[]): void {
    const overloaded = running.filter(({ isOverloaded }) => isOverloaded).length;
    const { log, metrics } = this.#deps;
    metrics?.overloaded(overloaded);
    const of = { streams: overloaded, running: running.length };
    if (overloaded > 0 && this.#overloaded === 0)
      log.warn(of, 'this machine is busy: streams are scored less often than they ask for');
    if (overloaded === 0 && this.#overloaded > 0)
      log.info(of, 'all streams are scored as often as they ask for');
    this.#overloaded = overloaded;
  }

  #closed(streamId: string, load: StreamLoad): void {
    if (this.#running.get(streamId) !== load) return;
    this.#running.delete(streamId);
    this.#deps.metrics?.effectiveFrameRate(streamId, null);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#used = 0;
    this.#tellOverload([]);
  }
}

/** Whether streams that take most of the frames lost some. */
function isFull(counts: readonly { scored: number; lost: number }[]): boolean {
  const framesOf = (all: typeof counts) => all.reduce((sum, { scored, lost }) => sum + scored + lost, 0);
  const lost = counts.reduce((sum, count) => sum + count.lost, 0);
  const losers = counts.filter((count) => count.lost > 0);
  return lost > 1 && lost > 0.05 * framesOf(counts) && framesOf(losers) > framesOf(counts) / 2;
}

const TOO_MUCH = 'More frames a second are asked for in real time than this machine scores.';
const REMEDY = 'lower their `frameRate`, stop one of them, or run mien on a faster machine.';

function overCapacity(asked: number, capacity: number): MienError {
  const sentence = `${tooMuch(asked, capacity)} This one was not started, because MIEN_OVERCOMMIT is false: ${REMEDY}`;
  return new MienError('OVER_CAPACITY', sentence);
}

function tooMuch(asked: number, capacity: number): string {
  return `The streams that run in real time would ask for ${round(asked)} frames a second, and this machine scores about ${round(capacity)}.`;
}

function round(framesPerSecond: number): number {
  return framesPerSecond < 10 ? inTenths(framesPerSecond) : Math.round(framesPerSecond);
}

function inTenths(framesPerSecond: number): number {
  return Math.round(framesPerSecond * 10) / 10;
}
