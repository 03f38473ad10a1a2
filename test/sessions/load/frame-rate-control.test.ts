/** The control of frame rates, by simulation on a clock that is counted, and in single ticks. */
import { describe, expect, it } from 'vitest';
import { FrameRateControl } from '../../../src/sessions/load/frame-rate-control.ts';
import { seeded } from '../../helpers/memory-store.ts';
import { mean, type SimulatedStream, Simulation } from './simulation.ts';

const rateOf = (streams: readonly SimulatedStream[], seconds: number) =>
  streams.map(({ scored }) => mean(scored, seconds));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const fairness = (rates: readonly number[]) =>
  sum(rates) ** 2 / (rates.length * sum(rates.map((rate) => rate * rate)));

describe('beyond the capacity', () => {
  it.each([
    [2, 16],
    [4, 32],
  ])(
    'at %i times the capacity nine tenths of it are scored in every five seconds, decoding included',
    (_, count) => {
      const control = new FrameRateControl();
      // Each frame that is let through costs a quarter of scoring it, whether it is scored or not.
      const simulation = new Simulation(control, { capacity: 100, decoding: 0.25 });
      const streams = simulation.add(count, 10);
      simulation.run(60);
      const fiveFrom = (second: number) =>
        sum(streams.map(({ scored }) => sum(scored.slice(second, second + 5)))) / 5;
      const worst = Math.min(...Array.from({ length: 51 }, (_, i) => fiveFrom(5 + i)));
      expect(worst).toBeGreaterThanOrEqual(0.9 * 80);
    },
  );

  it('a stream that is given another priority while it runs keeps its frames, or gives them, from then on', () => {
    const control = new FrameRateControl();
    const simulation = new Simulation(control, { capacity: 80 });
    const streams = simulation.add(16, 10);
    simulation.run(30);
    streams[0]!.rate.setPriority('HIGH');
    simulation.run(60);
    const others = streams.slice(1).map(({ scored }) => mean(scored, 20));
    expect(mean(streams[0]!.scored, 20)).toBeGreaterThan(1.3 * mean(others, others.length));
    streams[0]!.rate.setPriority('LOW');
    simulation.run(60);
    expect(mean(streams[0]!.scored, 20)).toBeLessThan(2);
  });

  it('thirty-two streams share the capacity evenly, whatever they begin with', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = seeded(seed);
      const control = new FrameRateControl();
      const simulation = new Simulation(control, { capacity: 80 });
      const streams = simulation.add(32, 10);
      for (const { rate } of streams) startAt(rate, 0.2 + 9.8 * random());
      simulation.run(20);
      expect(fairness(rateOf(streams, 10))).toBeGreaterThanOrEqual(0.95);
    }
  });

  it('of what is let through, less than a fifth is lost', () => {
    const simulation = new Simulation(new FrameRateControl(), { capacity: 80 });
    const streams = simulation.add(32, 10);
    simulation.run(60);
    const lost = sum(streams.map((stream) => mean(stream.lost, 50)));
    expect(lost).toBeLessThan(0.2 * 80);
  });

  it('no stream falls below a fifth of a frame a second, or below what it asks for', () => {
    const simulation = new Simulation(new FrameRateControl(), { capacity: 2 });
    const [least] = simulation.add(1, 0.1);
    const streams = simulation.add(31, 10);
    simulation.run(60);
    expect(least!.rate.rate).toBe(0.1);
    expect(Math.min(...streams.map(({ rate }) => rate.rate))).toBeGreaterThanOrEqual(0.2);
  });
});

describe('below the capacity', () => {
  it('nothing is lowered, and nothing lost', () => {
    const simulation = new Simulation(new FrameRateControl(), { capacity: 100 });
    const streams = simulation.add(8, 10);
    simulation.run(30);
    expect(streams.map(({ rate }) => rate.rate)).toEqual(streams.map(() => 10));
    expect(sum(streams.flatMap(({ lost }) => lost))).toBe(0);
  });

  it('one frame that is lost now and then lowers nothing', () => {
    const control = new FrameRateControl();
    const stream = control.open(10, 'NORMAL');
    for (let second = 0; second < 30; second++) {
      stream.scored(9);
      stream.lost(second % 4 === 0 ? 1 : 0);
      control.tick();
    }
    expect(stream.rate).toBe(10);
  });

  it('a stream that cannot be scored faster alone leaves the others their rate', () => {
    const control = new FrameRateControl();
    const [crowd, other] = [control.open(10, 'NORMAL'), control.open(10, 'NORMAL')];
    for (let second = 0; second < 30; second++) {
      crowd.scored(Math.min(5, crowd.rate));
      crowd.lost(Math.max(0, crowd.rate - 5));
      other.scored(10);
      control.tick();
      expect(other.rate).toBe(10);
    }
    expect(crowd.rate).toBeLessThan(8);
  });
});

it('when the load goes, the rate is whole again within five seconds', () => {
  const simulation = new Simulation(new FrameRateControl(), { capacity: 80 });
  const [left, ...others] = simulation.add(32, 10);
  simulation.run(30);
  expect(left!.rate.rate).toBeLessThan(5);
  for (const stream of others) stream.close();
  simulation.run(5);
  expect(left!.rate.rate).toBe(10);
});

it('from the least rate, too', () => {
  const control = new FrameRateControl();
  const stream = control.open(10, 'NORMAL');
  startAt(stream, 0.2);
  for (let second = 0; second < 5; second++) {
    stream.scored(stream.rate);
    stream.leftOut(10 - stream.rate);
    control.tick();
  }
  expect(stream.rate).toBe(10);
});

it('a source that gives fewer frames than it may rises to what was asked for', () => {
  const control = new FrameRateControl();
  const stream = control.open(10, 'NORMAL');
  startAt(stream, 6);
  for (let second = 0; second < 5; second++) {
    stream.scored(3);
    control.tick();
  }
  expect(stream.rate).toBe(10);
});

it('a stream of which only a part comes, because its decoder is late, rises again all the same', () => {
  const control = new FrameRateControl();
  const stream = control.open(10, 'NORMAL');
  startAt(stream, 4);
  for (let second = 0; second < 10; second++) {
    // Half of the frames come, of which the rate lets its part through.
    stream.scored(stream.rate / 2);
    stream.leftOut((10 - stream.rate) / 2);
    control.tick();
  }
  expect(stream.rate).toBe(10);
});

describe('priority', () => {
  it('what is low gives first, and what is high keeps its frames the longest', () => {
    const simulation = new Simulation(new FrameRateControl(), { capacity: 60 });
    const high = simulation.add(4, 10, 'HIGH');
    const normal = simulation.add(4, 10, 'NORMAL');
    const low = simulation.add(8, 10, 'LOW');
    simulation.run(90);
    const mean = (streams: SimulatedStream[]) => sum(rateOf(streams, 60)) / streams.length;
    expect(mean(low)).toBeLessThan(1);
    expect(mean(normal)).toBeGreaterThan(4);
    expect(mean(high)).toBeGreaterThan(8);
  });

  it('a low one keeps its rate while there is enough for all', () => {
    const simulation = new Simulation(new FrameRateControl(), { capacity: 60 });
    const streams = [...simulation.add(2, 10, 'HIGH'), ...simulation.add(2, 10, 'LOW')];
    simulation.run(20);
    expect(streams.map(({ rate }) => rate.rate)).toEqual([10, 10, 10, 10]);
  });

  it('one that goes on losing frames when others have given way falls itself', () => {
    const control = new FrameRateControl();
    const [high, low] = [control.open(10, 'HIGH'), control.open(10, 'LOW')];
    for (let second = 0; second < 20; second++) {
      high.scored(Math.min(5, high.rate));
      high.lost(Math.max(0, high.rate - 5));
      low.scored(low.rate);
      low.leftOut(10 - low.rate);
      control.tick();
    }
    expect(high.rate).toBeLessThan(8);
  });
});

describe('a recording', () => {
  it('is not held back while no stream loses frames', () => {
    const control = new FrameRateControl();
    const [recording, stream] = [
      control.open(Number.POSITIVE_INFINITY, 'RECORDING'),
      control.open(10, 'LOW'),
    ];
    for (let second = 0; second < 5; second++) {
      recording.scored(100);
      stream.scored(10);
      control.tick();
    }
    expect(recording.rate).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives way to a stream that loses frames, but never stands still, and is let go again', () => {
    const control = new FrameRateControl();
    const [recording, stream] = [
      control.open(Number.POSITIVE_INFINITY, 'RECORDING'),
      control.open(10, 'LOW'),
    ];
    const second = (lost: number) => {
      recording.scored(Math.min(100, recording.rate));
      stream.scored(10 - lost);
      stream.lost(lost);
      control.tick();
    };
    second(0);
    second(4);
    expect(recording.rate).toBeLessThan(80);
    expect(stream.rate).toBe(10);
    for (let i = 0; i < 60; i++) second(4);
    expect(recording.rate).toBeGreaterThanOrEqual(1);
    for (let i = 0; i < 10; i++) second(0);
    expect(recording.rate).toBe(Number.POSITIVE_INFINITY);
    expect(stream.rate).toBe(10);
  });
});

/** From outside: a rate that some past has left. */
function startAt(stream: object, rate: number): void {
  (stream as { rate: number }).rate = rate;
}

it('while frames are lost nobody rises but who has less than four fifths of the mean', () => {
  for (const [rate, rises] of [
    [4, true],
    [6, false],
  ] as const) {
    const control = new FrameRateControl();
    const [losing, other] = [control.open(10, 'NORMAL'), control.open(10, 'NORMAL')];
    startAt(other, rate);
    losing.scored(8);
    losing.lost(2);
    other.scored(other.rate);
    other.leftOut(10 - other.rate);
    const before = other.rate;
    control.tick();
    expect(losing.rate).toBeLessThan(10);
    expect(other.rate > before).toBe(rises);
  }
});

it('others fall twice for a stream that goes on losing frames, and the third time it falls itself', () => {
  const control = new FrameRateControl();
  const [high, low] = [control.open(10, 'HIGH'), control.open(100, 'LOW')];
  const rates: number[][] = [];
  // What was on its way when others fell for it is not held against it: every other second counts.
  for (let second = 0; second < 6; second++) {
    high.scored(8);
    high.lost(2);
    low.scored(low.rate);
    low.leftOut(100 - low.rate);
    control.tick();
    rates.push([high.rate, low.rate]);
  }
  const firstFall = rates.findIndex(([rate]) => rate! < 10);
  const lowFell = rates.filter(([, rate], at) => rate! < (rates[at - 1]?.[1] ?? 100)).length;
  expect(lowFell).toBe(2);
  expect(firstFall).toBe(4);
});

it('nobody rises while those that leave out frames are scored less often than they may; who leaves out none is no reason', () => {
  const risen = (scored: number) => {
    const control = new FrameRateControl();
    const [stream, recording] = [
      control.open(10, 'NORMAL'),
      control.open(Number.POSITIVE_INFINITY, 'RECORDING'),
    ];
    startAt(stream, 6);
    stream.scored(scored);
    stream.leftOut(4);
    recording.scored(100);
    control.tick();
    return stream.rate;
  };
  expect([risen(6), risen(2)]).toEqual([6.2, 6]);
});

it('who has just what a stream lost gives it, and nobody else; that stream keeps its rate', () => {
  const control = new FrameRateControl();
  const [low, normal, high] = [
    control.open(10, 'LOW'),
    control.open(10, 'NORMAL'),
    control.open(100, 'HIGH'),
  ];
  high.scored(50);
  high.lost(9.8);
  for (const stream of [low, normal]) stream.scored(10);
  control.tick();
  expect(low.rate).toBeCloseTo(0.2, 9);
  expect([normal.rate, high.rate]).toEqual([10, 100]);
});

it('a stream that has come before, and is short of time, slows others down until it is closed', () => {
  const risenTwice = (isClosed: boolean) => {
    const control = new FrameRateControl();
    const [high, low] = [control.open(10, 'HIGH'), control.open(10, 'LOW')];
    startAt(low, 5);
    startAt(high, 5);
    if (isClosed) high.close();
    for (let second = 0; second < 2; second++) {
      high.scored(1);
      high.lost(0.5);
      low.scored(5);
      control.tick();
    }
    return Math.round(low.rate * 10) / 10;
  };
  expect([risenTwice(false), risenTwice(true)]).toEqual([5.4, 6]);
});
