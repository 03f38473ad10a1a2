/** Recordings in real time that are more than a machine can decode; by simulation, on a clock that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { COSTS, fairness, Machine, now } from './turns-simulation.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what a machine has the time for is decoded throughout, and nothing looks after it', async () => {
  const machine = new Machine(16, 2);
  const { scored, late } = await machine.run(60);
  expect(Math.min(...scored)).toBeGreaterThan(9.9);
  expect(late).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

/** Frames a second that two cores could decode and score, and how many recordings that are. */
const MOST = 2 / (COSTS.decode + COSTS.score);
const CAPACITY = MOST / 10;

test.each([
  { times: 2, part: 0.9, fair: 0.93 },
  { times: 4, part: 0.84, fair: 0.93 },
  { times: 6, part: 0.76, fair: 0.8 },
])(
  'of $times times as many recordings as there is the time for, as many frames are scored as there is, of each as many in half a minute, and few are decoded in vain',
  async ({ times, part, fair }) => {
    const machine = new Machine(Math.round(times * CAPACITY), 2);
    await machine.run(90);
    const indices: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { scored, sum, late } = await machine.run(30);
      expect(sum).toBeGreaterThan(part * MOST);
      expect(late).toBeLessThan(0.1 * sum);
      indices.push(fairness(scored));
    }
    // Who has two turns in it differs from one half minute to the next.
    expect(indices.reduce((sum, one) => sum + one, 0) / indices.length).toBeGreaterThan(fair);
  },
);

test('where all were decoded at a time, most of what is decoded would be late', async () => {
  vi.spyOn(DecodingTurns.prototype, 'open').mockImplementation(() => {
    return { came() {}, wait: () => Promise.resolve(), close() {} };
  });
  const machine = new Machine(64, 2);
  await machine.run(10);
  const { sum, late } = await machine.run(60);
  vi.restoreAllMocks();
  expect(sum).toBeLessThan(0.5 * MOST);
  expect(late).toBeGreaterThan(sum);
});

test('when others end, all that are left are decoded again within five seconds, and nothing looks after them any more', async () => {
  const machine = new Machine(64, 2);
  await machine.run(60);
  for (const { turn } of machine.recordings.splice(12)) turn.close();
  await machine.run(5);
  const { scored } = await machine.run(30);
  expect(Math.min(...scored)).toBeGreaterThan(9.9);
  expect(vi.getTimerCount()).toBe(0);
});

test('where a start takes longer than a turn, frames are scored all the same, and most of the time is not spent on starts', async () => {
  const machine = new Machine(8, 0.15, { ...COSTS, start: 2 });
  await machine.run(60);
  const { sum, scored } = await machine.run(600);
  expect(sum).toBeGreaterThan((0.2 * 0.15) / (COSTS.decode + COSTS.score));
  expect(fairness(scored)).toBeGreaterThan(0.8);
});

test('one that no decoder is fast enough for goes on at once, every five seconds at most', async () => {
  const machine = new Machine(1, 1, { ...COSTS, decode: 0.3, keyFrames: 0.1 });
  const ends = vi.spyOn(machine.recordings[0]!.turn, 'wait');
  const { lag } = await machine.run(60);
  expect(ends.mock.calls.length).toBeGreaterThan(6);
  expect(ends.mock.calls.length).toBeLessThanOrEqual(12);
  expect(lag).toBeLessThan(5000);
});

test('one that is closed while it waits waits no longer, and one that is closed does not begin to', async () => {
  const turns = new DecodingTurns(now);
  const waits: Promise<void>[] = [];
  const turn = turns.open(() => void waits.push(turn.wait()));
  const other = turns.open(() => {});
  for (const one of [turn, other]) one.came('kept', 0);
  await vi.advanceTimersByTimeAsync(6000);
  turn.came('behind', 2);
  other.came('late', 1.5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(waits).toHaveLength(1);
  turn.close();
  await waits[0];
  await turn.wait();
  other.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that is opened while others wait gives way to them after its first frame', async () => {
  const machine = new Machine(64, 2);
  await machine.run(30);
  const { sum: before } = await machine.run(30);
  machine.add(64);
  // As long as it would take until they are behind.
  await machine.run(5);
  const { sum, late } = await machine.run(5);
  expect(sum).toBeGreaterThan(0.7 * before);
  expect(late).toBeLessThan(0.2 * sum);
});

test('of those that were decoded for as long, one goes on that lies behind a key frame', async () => {
  const turns = new DecodingTurns(now);
  const went: number[] = [];
  const all = [8, 0.5, 4].map((sinceKeyFrame, index) => {
    const turn = turns.open(
      () => {
        void turn.wait().then(() => {
          went.push(index);
          turn.came('kept', 0);
        });
      },
      () => sinceKeyFrame,
    );
    turn.came('late', 1.5);
    return turn;
  });
  await vi.advanceTimersByTimeAsync(4750);
  for (const turn of all) turn.came('behind', 2);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(went.slice(0, 3)).toEqual([1, 2, 0]);
  for (const turn of all) turn.close();
});

test('one that no decoder is fast enough for takes nothing from the others', async () => {
  const machine = new Machine(12, 2);
  machine.add(1, { ...COSTS, decode: 0.3 });
  await machine.run(60);
  const { scored } = await machine.run(120);
  expect(Math.min(...scored.slice(0, 12))).toBeGreaterThan(9);
});

test('where as many come at once as there are, all have their turn within half a minute', async () => {
  const machine = new Machine(24, 2);
  await machine.run(30);
  machine.add(24);
  await machine.run(5);
  const { scored, sum } = await machine.run(30);
  expect(sum).toBeGreaterThan(0.75 * MOST);
  expect(fairness(scored)).toBeGreaterThan(0.9);
});

test('one that did not give way, because it was read on elsewhere, is decoded as before', async () => {
  const turns = new DecodingTurns(now);
  const asked: number[] = [];
  const [busy, ...others] = [0, 1, 2].map((index) => turns.open(() => asked.push(index)));
  for (const one of [busy!, ...others]) one.came('late', 1.5);
  await vi.advanceTimersByTimeAsync(5000);
  busy!.came('behind', 2);
  await vi.advanceTimersByTimeAsync(250);
  expect(asked).toContain(0);
  // It never waits: another run of ffmpeg gives its frames.
  for (let step = 0; step < 200; step++) {
    for (const one of [busy!, ...others]) one.came('kept', 0);
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(vi.getTimerCount()).toBe(0);
});

test('of many turns that are over at once, as many others go on at once', async () => {
  const machine = new Machine(200, 10);
  await machine.run(60);
  const { scored, sum } = await machine.run(30);
  expect(sum).toBeGreaterThan(0.7 * 5 * MOST);
  expect(fairness(scored)).toBeGreaterThan(0.9);
});
