import { expect, test } from 'vitest';
import { PtsClock } from '../../src/ingest/frames/pts-clock.ts';

/** Media times of all frames, in milliseconds. */
function mediaTimes(live: boolean, seconds: (number | null)[], now = () => 0) {
  const clock = new PtsClock<number>(live, 10, () => null, now);
  const timed = seconds.flatMap((time, i) => clock.add(i, time === null ? null : time * 1e6));
  timed.push(...clock.end());
  expect(timed.map(({ frame }) => frame)).toEqual([...seconds.keys()]);
  return timed.map(({ mediaTime }) => Math.round(mediaTime * 1000));
}

test('the media time of a recording is its own, and that of a live source begins at 0', () => {
  expect(mediaTimes(false, [0.5, 0.6])).toEqual([500, 600]);
  expect(mediaTimes(true, [5, 5.1])).toEqual([0, 100]);
  expect(mediaTimes(false, [-0.04, 0.06])).toEqual([0, 60]);
});

test('a frame whose time is known is not held back', () => {
  const clock = new PtsClock<string>(true, 10);
  expect(clock.add('a', 9e6)).toEqual([{ frame: 'a', mediaTime: 0 }]);
  expect(clock.add('b', null)).toMatchObject([{ frame: 'b', mediaTime: expect.closeTo(0.1) }]);
  expect(clock.add('c', 9.3e6)).toHaveLength(1);
});

test.each([
  ['back', 3],
  ['to where the last frame was', 5],
  ['forward', 500],
])('a timestamp that steps %s alone does not move what comes behind it', (_, wrong) => {
  for (const live of [false, true]) {
    const begin = live ? 5000 : 0;
    const expected = [5000, 5100, 5200, 5300].map((time) => time - begin);
    expect(mediaTimes(live, [5, wrong, 5.2, 5.3])).toEqual(expected);
    const spread = [5000, 5067, 5133, 5200].map((time) => time - begin);
    expect(mediaTimes(live, [5, wrong, wrong - 1, 5.2])).toEqual(spread);
  }
});

test('media time goes on where the source’s clock starts again', () => {
  expect(mediaTimes(true, [9, 10, 0, 0.5, null, 1])).toEqual([0, 1000, 1100, 1600, 1700, 2100]);
  expect(mediaTimes(false, [9, 10, 0, 0.5, 1])).toEqual([9000, 10_000, 10_100, 10_600, 11_100]);
});

test('media time returns to a clock that was wrong for a while', () => {
  const wrong = [2, 2.1, 2.2, 2.3];
  expect(mediaTimes(false, [5, ...wrong, 5.5, 5.6])).toEqual([5000, 5100, 5200, 5300, 5400, 5500, 5600]);
});

test('a pause in a recording is one in media time, however long; the clock of a live source is compared with ours', () => {
  expect(mediaTimes(false, [1, 500, 500.1, 500.2])).toEqual([1000, 500_000, 500_100, 500_200]);
  expect(mediaTimes(false, [1, 500])).toEqual([1000, 500_000]);
  expect(mediaTimes(true, [1, 500, 500.1, 500.2])).toEqual([0, 100, 200, 300]);
  let clock = 0;
  const silentFor499 = () => (clock += 499_000);
  expect(mediaTimes(true, [1, 500, 500.1], silentFor499)).toEqual([0, 499_000, 499_100]);
});

test('pauses of a recording that follow each other keep their own lengths', () => {
  expect(mediaTimes(false, [0, 15, 60, 90])).toEqual([0, 15_000, 60_000, 90_000]);
  expect(mediaTimes(false, [0, 12, 40])).toEqual([0, 12_000, 40_000]);
  expect(mediaTimes(false, [5, 500, 20, 35])).toEqual([5000, 12_500, 20_000, 35_000]);
});

test('timestamps without any order give frames that are a frame apart', () => {
  expect(mediaTimes(true, [5, 900, 300, 100, 40])).toEqual([0, 100, 200, 300, 400]);
});
