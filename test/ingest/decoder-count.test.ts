/** How many recordings are decoded at a time, on a clock that the test moves. */
import { expect, test } from 'vitest';
import { DecoderCount } from '../../src/ingest/decoder-count.ts';

/** As many as after so many seconds, in which frames came so late. */
function after(seconds: number, lag: number, count = new DecoderCount(20)): DecoderCount {
  for (let at = 0; at < seconds; at += 0.25) count.follow(lag, 0.25, 20);
  return count;
}

test('all are decoded while none is late, and of those that are there no more', () => {
  expect(after(60, 0)).toMatchObject({ settled: 20, now: 20 });
  const fewer = new DecoderCount(20);
  fewer.follow(0, 0.25, 3);
  expect(fewer).toMatchObject({ settled: 3, now: 3 });
});

test('the later frames come, the fewer are decoded: at once, and for good', () => {
  const [late, later] = [after(1, 0.6), after(1, 1.6)];
  expect(late.settled).toBeCloseTo(20 * 0.9875 ** 4, 6);
  expect(late.now).toBeCloseTo(0.85 * late.settled, 6);
  expect(later.settled).toBeCloseTo(20 * 0.9625 ** 4, 6);
  expect(later.now).toBeCloseTo(0.55 * later.settled, 6);
});

test('a little late changes nothing, and in time brings three in a hundred more each second', () => {
  const count = after(10, 1.6);
  const before = count.settled;
  after(10, 0.1, count);
  expect(count).toMatchObject({ settled: before, now: before });
  after(1, 0.02, count);
  expect(count.settled).toBeCloseTo(before * 1.0075 ** 4, 6);
});

test('one is decoded however late it comes', () => {
  expect(after(600, 2)).toMatchObject({ settled: 1, now: 1 });
});
