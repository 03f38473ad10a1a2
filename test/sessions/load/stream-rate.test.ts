/** The rate of one stream, second by second: how far it falls, what it can do without, and how it rises. */
import { expect, it } from 'vitest';
import { hasLost, type RateClass, StreamRate, sumOf } from '../../../src/sessions/load/stream-rate.ts';

const NOTHING = { scored: 0, lost: 0, leftOut: 0 };

/** One that had so many frames scored and lost in the seconds before. */
function stream(
  most: number,
  seconds: [scored: number, lost: number][] = [],
  rateClass: RateClass = 'NORMAL',
) {
  const rate = new StreamRate(most, rateClass, () => {});
  for (const [scored, lost] of seconds) second(rate, scored, lost);
  return rate;
}

function second(rate: StreamRate, scored: number, lost = 0, leftOut = 0) {
  rate.scored(scored);
  rate.lost(lost);
  rate.leftOut(leftOut);
  return rate.endTick();
}

it.each([
  // One frame may be lost at any time, and the twentieth part of many.
  [{ scored: 9, lost: 1 }, false],
  [{ scored: 9, lost: 2 }, true],
  [{ scored: 38, lost: 2 }, false],
  [{ scored: 37, lost: 2 }, true],
])('%o is more than may be lost: %s', (counts, expected) => {
  expect(hasLost({ ...NOTHING, ...counts })).toBe(expected);
});

it('where all streams together lose frames, each frame counts; of many, it is their share', () => {
  const one = stream(10, [[9, 1]]);
  expect([one.hasLost(false), one.hasLost(true)]).toEqual([false, true]);
  expect(stream(10, [[20, 1]]).hasLost(true)).toBe(false);
});

it('what became of frames is summed over the last three seconds, without the one in which a rate changed', () => {
  const one = stream(10);
  expect(second(one, 1, 2, 3)).toEqual({ scored: 1, lost: 2, leftOut: 3 });
  for (const lost of [4, 5, 6]) second(one, 10, lost, 7);
  expect([one.counts, one.lostPerSecond]).toEqual([{ scored: 30, lost: 15, leftOut: 21 }, 5]);
  one.spared();
  expect([one.counts, one.lostPerSecond, one.rate, one.sparedInARow]).toEqual([NOTHING, 0, 10, 1]);
  second(one, 9, 9);
  expect(one.counts).toEqual(NOTHING);
  second(one, 8, 2);
  expect(one.counts).toEqual({ scored: 8, lost: 2, leftOut: 0 });
  expect(sumOf([one.counts, { scored: 1, lost: 1, leftOut: 1 }])).toEqual({ scored: 9, lost: 3, leftOut: 1 });
});

it.each([
  ['to what was scored of it, and a twentieth below', 10, [6, 4], { scored: 1, lost: 1 }, 5.7],
  ['with few frames to what was scored of all', 10, [4, 5], { scored: 6, lost: 4 }, 5.7],
  ['with few frames by its own, where all lost none', 10, [4, 4], { scored: 8, lost: 0 }, 4.75],
  ['to a quarter at the most', 10, [1, 19], NOTHING, 2.5],
  ['to a fifth of a frame a second at the least', 0.5, [0, 10], NOTHING, 0.2],
  ['to what it asks for at the least, where that is less', 0.1, [0, 10], NOTHING, 0.1],
] as const)('a stream falls %s', (_, most, [scored, lost], common, rate) => {
  const one = stream(most, [[scored, lost]]);
  one.spared();
  one.endTick();
  second(one, scored, lost);
  one.fall({ ...NOTHING, ...common });
  expect(one.rate).toBeCloseTo(rate, 9);
  expect([one.sparedInARow, one.isWhole]).toEqual([0, one.rate === most]);
});

it('a stream rises by a fiftieth of what it asks for, and by four times as much each further time; slowly by the same', () => {
  const rises = (slowly: boolean) => {
    const one = stream(10, [[5, 5]]);
    one.fall(NOTHING);
    const rates = [one.rate];
    // Not at once: what was on its way when it fell tells of the time before.
    for (let times = 0; times < 6; times++) {
      one.rise(slowly);
      rates.push(Math.round(one.rate * 100) / 100);
      second(one, 1);
    }
    return rates;
  };
  expect(rises(false)).toEqual([4.75, 4.75, 4.95, 5.75, 8.95, 10, 10]);
  expect(rises(true)).toEqual([4.75, 4.75, 4.95, 5.15, 5.35, 5.55, 5.75]);
});

it('a stream that has lost a frame of late does not rise, and is spared anew once it rises', () => {
  const one = stream(10, [[5, 5]]);
  one.fall(NOTHING);
  one.endTick();
  second(one, 4, 1);
  one.rise(false);
  expect(one.rate).toBe(4.75);
  one.spared();
  one.endTick();
  expect(one.sparedInARow).toBe(1);
  one.rise(false);
  expect([one.rate, one.sparedInARow]).toEqual([4.95, 0]);
});

it('a stream can do without all but its least, and gives of what it has; a recording of what it took', () => {
  const one = stream(10);
  expect(one.spare).toBeCloseTo(9.8, 9);
  one.give(4);
  expect([one.rate, one.spare]).toEqual([6, 5.8]);
  one.give(50);
  expect([one.rate, one.spare]).toEqual([0.2, 0]);
  const recording = stream(Number.POSITIVE_INFINITY, [[30, 0]], 'RECORDING');
  // A third of the way from none.
  expect([recording.asked, recording.spare, recording.isWhole]).toEqual([10, 9, true]);
  recording.give(4);
  expect([recording.rate, recording.isWhole]).toEqual([6, false]);
  second(recording, 6);
  expect(recording.asked).toBe(10);
  recording.give(50);
  expect(recording.rate).toBe(1);
  recording.endTick();
  for (let times = 0; times < 4; times++) recording.rise(false);
  expect(recording.rate).toBe(Number.POSITIVE_INFINITY);
});

it('a running stream takes another priority; a recording that waits for its turn stays one', () => {
  const [one, recording] = [stream(10), stream(Number.POSITIVE_INFINITY, [], 'RECORDING')];
  for (const each of [one, recording]) each.setPriority('HIGH');
  expect([one.rateClass, recording.rateClass]).toEqual(['HIGH', 'RECORDING']);
});
