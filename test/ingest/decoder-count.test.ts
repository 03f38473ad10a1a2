/** How many recordings are decoded at a time, on a clock that the test moves. */
import { expect, test } from 'vitest';
import { DecoderCount } from '../../src/ingest/decoder-count.ts';

/** As many as after so many seconds, in which frames came so late. */
function after(seconds: number, lag: number, count = new DecoderCount(20)): DecoderCount {
  for (let at = 0; at < seconds; at += 0.25) count.follow(lag, 0.25, 20);
  return count;
}

test('all are decoded while none is late, and of those that are there no more', () => {
  expect(after(60, 0)).toMatchObject({ sustained: 20, current: 20 });
  const fewer = new DecoderCount(20);
  fewer.follow(0, 0.25, 3);
  expect(fewer).toMatchObject({ sustained: 3, current: 3 });
});

test('the later frames come, the fewer are decoded: at once, and for good', () => {
  const [late, later] = [after(1, 0.6), after(1, 1.6)];
  expect(late.sustained).toBeCloseTo(20 * 0.9875 ** 4, 6);
  expect(late.current).toBeCloseTo(0.85 * late.sustained, 6);
  expect(later.sustained).toBeCloseTo(20 * 0.9625 ** 4, 6);
  expect(later.current).toBeCloseTo(0.55 * later.sustained, 6);
});

test('a little late changes nothing, and in time brings three in a hundred more each second, and with each second more', () => {
  const count = after(10, 1.6);
  const before = count.sustained;
  after(10, 0.1, count);
  expect(count).toMatchObject({ sustained: before, current: before });
  // And the longer that lasts, the more: after five seconds nearly twice as many.
  const [soon, later] = [after(0.25, 0.02, count).sustained, after(5, 0.02, count).sustained];
  expect(soon).toBeCloseTo(before * (1 + 0.0075 * 1.05), 6);
  expect(later / soon).toBeGreaterThan(1.03 ** 5 * 1.05);
});

test('one is decoded however late it comes', () => {
  expect(after(600, 2)).toMatchObject({ sustained: 1, current: 1 });
});
