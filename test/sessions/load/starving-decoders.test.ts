/** Streams whose decoders get too little time, by simulation on a clock that is counted: the models idle, and frames come late. */
import { expect, it } from 'vitest';
import type { StreamRecord } from '../../../src/domain/stream.ts';
import { FrameRateControl } from '../../../src/sessions/load/frame-rate-control.ts';
import { StreamLoad } from '../../../src/sessions/load/stream-load.ts';
import { STREAM_RECORD } from '../../helpers/streams.ts';

const STREAM: StreamRecord = { ...STREAM_RECORD, realtime: true };

/** A stream that is so many frames behind is read on where the clock is. */
const BEHIND = 20;
/** Part of the decoding that is left while a lower rate was asked for, for so many seconds. */
const LEFT = 0.7;
const HELD_SECONDS = 10;

/** A stream, its decoder, and one server; the models come first, and the decoders share what is left. */
class Machine {
  readonly streams: Decoded[];
  readonly #control = new FrameRateControl();
  /** A second, in frames decoded. */
  time: number;
  #spent = 0;
  #turn = 0;

  /**
   * @param time a second, in frames decoded
   * @param score what it takes to score a frame
   */
  constructor(count: number, time: number, score: number) {
    this.time = time;
    this.streams = Array.from({ length: count }, (_, i) => new Decoded(`${i}`, score, this.#control));
  }

  run(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      for (let step = 0; step < STREAM.frameRate; step++) this.#step();
      for (const { load } of this.streams) load.endSecond(1);
      this.#control.tick();
      for (const stream of this.streams) stream.endSecond();
    }
  }

  /** The time of one frame at the rate that is asked for. Each decoder has its turn, until none has anything to do. */
  #step(): void {
    const time = this.time / STREAM.frameRate;
    for (const stream of this.streams) stream.due += 1;
    this.#spent = Math.max(0, this.#spent - time);
    for (let idle = 0; idle < this.streams.length && this.#spent < time; ) {
      const cost = this.streams[this.#turn]!.decodeNext();
      this.#turn = (this.#turn + 1) % this.streams.length;
      this.#spent += cost;
      idle = cost > 0 ? 0 : idle + 1;
    }
  }
}

class Decoded {
  readonly load: StreamLoad;
  readonly scored: number[] = [];
  /** Frames that the clock is at. */
  due = 0;
  rate = STREAM.frameRate;
  readonly #score: number;
  #decoded = 0;
  #admitted = 0;
  #heldFor = 0;
  #untold = { late: 0, shed: 0 };
  #now = 0;

  constructor(id: string, score: number, control: FrameRateControl) {
    this.#score = score;
    this.load = new StreamLoad(
      { ...STREAM, id },
      control,
      () => {},
      () => {},
    );
    this.load.opened({ realtime: true, setFrameRate: (rate) => (this.rate = rate) });
  }

  /** @returns what it cost; 0: none is due */
  decodeNext(): number {
    if (this.due - this.#decoded > BEHIND) {
      this.#untold.late += this.due - this.#decoded;
      this.#decoded = this.due;
    }
    if (this.#decoded >= this.due) return 0;
    this.#decoded += 1;
    this.#admitted += this.rate / STREAM.frameRate;
    const cost = this.#heldFor >= HELD_SECONDS ? LEFT : 1;
    if (this.#admitted < 1) {
      this.#untold.shed += 1;
      return cost;
    }
    this.#admitted -= 1;
    this.#now += 1;
    this.load.scored(1);
    this.load.dropped(this.#untold);
    this.#untold = { late: 0, shed: 0 };
    return cost + this.#score;
  }

  endSecond(): void {
    this.load.follow(true);
    this.#heldFor = this.rate < STREAM.frameRate ? this.#heldFor + 1 : 0;
    this.scored.push(this.#now);
    this.#now = 0;
  }
}

const mean = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0) / counts.length;
const scoredOf = ({ streams }: Machine, seconds: number) =>
  streams.map(({ scored }) => mean(scored.slice(-seconds)));

it.each([4, 1, 0.25])(
  'where there is time for half of the frames, half of them are scored, and no rate sinks, if scoring takes %s of decoding',
  (score) => {
    const machine = new Machine(8, 8 * 5 * (1 + score), score);
    machine.run(120);
    expect(mean(scoredOf(machine, 60))).toBeGreaterThan(4.75);
    expect(machine.streams.map(({ rate }) => rate)).toEqual(machine.streams.map(() => 10));
  },
);

it('what is told is what is scored, of each stream', () => {
  const machine = new Machine(8, 200, 4);
  machine.run(60);
  for (const [i, { load }] of machine.streams.entries()) {
    expect(load.effectiveFrameRate).toBeGreaterThan(0.7 * scoredOf(machine, 30)[i]!);
    expect(load.effectiveFrameRate).toBeLessThan(1.3 * scoredOf(machine, 30)[i]!);
    expect(load.isOverloaded).toBe(true);
  }
});

it('a decoder that gets no time at all is told to give nothing, and one that gets it again to give all', () => {
  const machine = new Machine(1, 0, 4);
  const { load } = machine.streams[0]!;
  machine.run(5);
  expect(load.effectiveFrameRate).toBe(0);
  machine.time = 100;
  machine.run(7);
  expect([load.effectiveFrameRate, load.isOverloaded]).toEqual([10, true]);
  machine.run(20);
  expect([load.effectiveFrameRate, load.isOverloaded]).toEqual([10, false]);
});
