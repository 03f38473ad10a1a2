/** Real-time streams and one server, on a clock that the simulation counts: no time passes. */
import type { FrameRateControl } from '../../../src/sessions/load/frame-rate-control.ts';
import type { ControlledStream, RateClass } from '../../../src/sessions/load/stream-rate.ts';

/** Steps of the simulation a second. */
const STEPS = 2000;

export interface Server {
  /** Frames that it scores a second when it does nothing else. */
  capacity: number;
  /** What a frame that is given to it costs before it is scored or lost, as a share of scoring it. */
  decoding?: number;
}

/**
 * A stream whose frames come evenly at its rate. Of each one frame is being scored or waits its turn, and one, the newest,
 * waits behind it, as in a session; a frame that it replaces is lost, and told with the next that is scored.
 */
export class SimulatedStream {
  readonly rate: ControlledStream;
  readonly asked: number;
  /** Frames in each second. */
  readonly scored: number[] = [];
  readonly lost: number[] = [];
  closed = false;
  phase: number;
  untold = 0;
  isInTurn = false;
  hasNewest = false;

  constructor(control: FrameRateControl, asked: number, rateClass: RateClass, phase: number) {
    this.rate = control.open(asked, rateClass);
    this.asked = asked;
    this.phase = phase;
  }

  close(): void {
    this.closed = true;
    this.rate.close();
  }
}

export class Simulation {
  readonly streams: SimulatedStream[] = [];
  readonly #control: FrameRateControl;
  readonly #server: Server;
  readonly #turns: SimulatedStream[] = [];
  /** Frames' worth of work that the server has time for. */
  #time = 0;

  constructor(control: FrameRateControl, server: Server) {
    this.#control = control;
    this.#server = server;
  }

  add(count: number, asked: number, rateClass: RateClass = 'NORMAL'): SimulatedStream[] {
    const added = Array.from({ length: count }, (_, i) => {
      return new SimulatedStream(this.#control, asked, rateClass, (i * 0.37) % 1);
    });
    this.streams.push(...added);
    return added;
  }

  run(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      const running = this.streams.filter(({ closed }) => !closed);
      for (const stream of running) for (const counts of [stream.scored, stream.lost]) counts.push(0);
      for (let step = 0; step < STEPS; step++) this.#step(running);
      for (const { rate, asked } of running) if (rate.rate < asked) rate.leftOut(asked - rate.rate);
      this.#control.tick();
    }
  }

  #step(running: readonly SimulatedStream[]): void {
    for (const stream of running) {
      const isRecording = stream.asked === Number.POSITIVE_INFINITY;
      stream.phase += Math.min(stream.rate.rate, STEPS) / STEPS;
      if (stream.phase < 1) continue;
      stream.phase = isRecording ? Math.min(stream.phase, 1) : stream.phase - 1;
      if (isRecording && stream.isInTurn) continue;
      if (isRecording) stream.phase -= 1;
      this.#time -= this.#server.decoding ?? 0;
      this.#offer(stream);
    }
    this.#time = Math.min(1, this.#time + this.#server.capacity / STEPS);
    while (this.#time >= 1 && this.#turns.length > 0) this.#score();
  }

  #offer(stream: SimulatedStream): void {
    if (stream.isInTurn) {
      if (stream.hasNewest) {
        stream.untold += 1;
        stream.lost[stream.lost.length - 1]! += 1;
      }
      stream.hasNewest = true;
      return;
    }
    stream.isInTurn = true;
    this.#turns.push(stream);
  }

  #score(): void {
    const stream = this.#turns.shift()!;
    stream.isInTurn = false;
    if (stream.closed) return;
    this.#time -= 1;
    stream.scored[stream.scored.length - 1]! += 1;
    stream.rate.scored(1);
    stream.rate.lost(stream.untold);
    stream.untold = 0;
    if (!stream.hasNewest) return;
    stream.hasNewest = false;
    this.#offer(stream);
  }
}

/** Frames a second in the last so many seconds. */
export function mean(counts: readonly number[], seconds: number): number {
  return counts.slice(-seconds).reduce((sum, count) => sum + count, 0) / seconds;
}
