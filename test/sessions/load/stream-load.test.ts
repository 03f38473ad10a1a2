import { expect, it } from 'vitest';
import { FrameRateControl } from '../../../src/sessions/load/frame-rate-control.ts';
import { averageUsed, StreamLoad } from '../../../src/sessions/load/stream-load.ts';
import { STREAM_RECORD } from '../../helpers/streams.ts';

function openLoad(realtime: boolean) {
  const rates: number[] = [];
  const load = new StreamLoad(
    { ...STREAM_RECORD, frameRate: 10 },
    new FrameRateControl(),
    () => {},
    () => {},
  );
  load.opened({ realtime, setFrameRate: (rate) => rates.push(rate) });
  return { load, rates };
}

it('what is scored is averaged over three seconds, exponentially', () => {
  // 1 - exp(-1), and 1 - exp(-1 / 3), of the way from 0 to 30.
  expect(averageUsed(0, 30, 3)).toBeCloseTo(30 * 0.63212, 3);
  expect(averageUsed(0, 30, 1)).toBeCloseTo(30 * 0.28347, 3);
  expect(averageUsed(12, 12, 1)).toBe(12);
});

it('a source in real time follows the rate from its start; a recording is not told of any', () => {
  expect(openLoad(true).rates).toEqual([10]);
  const recording = openLoad(false);
  recording.load.endSecond(1);
  recording.load.follow(true);
  expect(recording.rates).toEqual([]);
});

it('a stream that is closed sets no rate any more', () => {
  const { load, rates } = openLoad(true);
  load.close();
  load.follow(true);
  expect(rates).toEqual([10]);
  expect(load.effectiveFrameRate).toBeNull();
});

/** One whose rate nothing lowers; `second`: so many frames came in time, and so many late. */
function told() {
  const told: number[] = [];
  const load = new StreamLoad(
    { ...STREAM_RECORD, frameRate: 10, realtime: true },
    new FrameRateControl(),
    () => told.push(load.effectiveFrameRate!),
    () => {},
  );
  load.opened({ realtime: true, setFrameRate() {} });
  const second = (scored: number, late = 0, mayTell = true) => {
    load.scored(scored);
    load.dropped({ late });
    const counts = load.endSecond(1);
    return [counts, load.follow(mayTell)];
  };
  return { load, told, second };
}

it('a rate is told that has moved by more than a quarter, five seconds after the one before, and where it may be', () => {
  const some = told();
  for (let at = 0; at < 10; at++) some.second(7.5);
  expect([some.load.effectiveFrameRate, some.told]).toEqual([7.5, []]);
  const { second, told: rates } = told();
  for (let at = 0; at < 4; at++) expect(second(7)[1]).toBe(false);
  expect(second(7, 0, false)[1]).toBe(false);
  expect([second(7)[1], rates]).toEqual([true, [7]]);
  // It has moved again at once, and is told when five seconds have passed.
  const times = Array.from({ length: 9 }, () => second(1)[1]);
  expect(times.indexOf(true)).toBe(5);
  expect([times.filter(Boolean).length, rates]).toEqual([1, [7, 1]]);
});

it('frames that come late count as lost, and a stream is overloaded that gets less than nine tenths for them', () => {
  const { load, second } = told();
  expect(second(9, 1)[0]).toEqual({ scored: 9, lost: 1 });
  for (let at = 0; at < 60; at++) second(9, 1);
  // On the average one of ten: what it gets is nine tenths.
  expect(load.isOverloaded).toBe(false);
  for (let at = 0; at < 60; at++) second(8.9, 1.1);
  expect(load.isOverloaded).toBe(true);
  const until = Array.from({ length: 60 }, () => {
    second(10);
    return load.isOverloaded;
  });
  // The third second in a row in which it has the whole.
  expect(until.indexOf(false)).toBe(2);
  expect(until.at(-1)).toBe(false);
});

it('a source is believed to give less than was asked for after five seconds in which it gave any', () => {
  const { load, second } = told();
  for (let at = 0; at < 4; at++) second(4);
  second(0);
  expect(load.demand).toBe(10);
  second(4);
  expect(load.demand).toBe(4);
  for (let at = 0; at < 60; at++) second(9.1);
  expect(load.demand).toBe(10);
});

it('before it is open a stream asks for what it may turn out to be, and a recording for nothing', () => {
  const demand = (more: Partial<typeof STREAM_RECORD>) =>
    new StreamLoad(
      { ...STREAM_RECORD, ...more },
      new FrameRateControl(),
      () => {},
      () => {},
    ).demand;
  const camera = { source: { type: 'device', device: '/dev/video0' } } as const;
  expect([demand(camera), demand({}), demand({ realtime: true })]).toEqual([10, 0, 10]);
  expect(openLoad(false).load.demand).toBe(0);
});
