/** How many frames a second come from a source in time. */
import { expect, it } from 'vitest';
import { ArrivalRate } from '../../../src/sessions/load/arrival-rate.ts';

/** One of which these many frames came in the seconds before. */
function arrived(frames: readonly number[], rate = 10, seconds = 1) {
  const arrivals = new ArrivalRate();
  for (const count of frames) arrivals.note(count, seconds, rate);
  return arrivals;
}

it('it is known after five seconds, or in those in which three frames are due, where that is longer', () => {
  expect(arrived([4, 4, 4, 4]).perSecond(10, 10)).toBe(Number.POSITIVE_INFINITY);
  expect(arrived([4, 4, 4, 4, 4]).perSecond(10, 10)).toBe(4);
  expect(arrived([7, 9], 10, 2.5).perSecond(10, 10)).toBe(3.2);
  expect(arrived(Array(14).fill(1), 0.2).perSecond(10, 0.2)).toBe(Number.POSITIVE_INFINITY);
  expect(arrived(Array(15).fill(1), 0.2).perSecond(10, 0.2)).toBe(1);
});

it('with nine tenths of the frames that were due, less one, all of them came', () => {
  expect(arrived([8, 9, 9, 9, 9]).perSecond(10, 10)).toBe(Number.POSITIVE_INFINITY);
  expect(arrived([8, 9, 9, 9, 8]).perSecond(10, 10)).toBe(8.6);
});

it('only the last seconds count, and none from before the source was opened anew', () => {
  const arrivals = arrived([10, 10, 10, 10, 10, 4, 4, 4, 4]);
  expect(arrivals.perSecond(10, 10)).toBe(5.2);
  arrivals.note(4, 1, 10);
  expect(arrivals.perSecond(10, 10)).toBe(4);
  // One that was as long as all of them.
  arrivals.note(10, 5, 10);
  expect(arrivals.perSecond(10, 10)).toBe(2);
  arrivals.reset();
  arrivals.note(4, 4, 10);
  expect(arrivals.perSecond(10, 10)).toBe(Number.POSITIVE_INFINITY);
});
