import { expect, test } from 'vitest';
import { RateLimit } from '../../src/ingest/frames/rate-limit.ts';

/** The numbers of those that pass of frames that come ten times a second. */
function passed(limit: RateLimit, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i).filter((n) => limit.admit(n / 10));
}

test('all frames pass at the rate that the source was opened for', () => {
  expect(passed(new RateLimit(10), 0, 3)).toEqual([0, 1, 2]);
});

test('a lower rate leaves out frames in even steps', () => {
  const limit = new RateLimit(10);
  limit.setRate(2.5);
  expect(passed(limit, 0, 13)).toEqual([0, 4, 8, 12]);
});

test('a rate that does not divide that of the source holds on average', () => {
  const limit = new RateLimit(10);
  limit.setRate(3);
  const frames = passed(limit, 0, 3000);
  expect(frames).toHaveLength(900);
  expect(new Set(frames.slice(1).map((n, i) => n - frames[i]!))).toEqual(new Set([3, 4]));
});

test('a rate that changes all the time holds', () => {
  const limit = new RateLimit(10);
  const frames: number[] = [];
  for (let n = 0; n < 1000; n++) {
    limit.setRate(n % 2 ? 2 : 2.001);
    frames.push(...passed(limit, n, n + 1));
  }
  expect(frames).toHaveLength(200);
});

test('a rate that rises is taken from the last frame on', () => {
  const limit = new RateLimit(10);
  limit.setRate(0.2);
  expect(passed(limit, 0, 3)).toEqual([0]);
  limit.setRate(5);
  expect(passed(limit, 3, 6)).toEqual([3, 4]);
  limit.setRate(10);
  expect(passed(limit, 6, 8)).toEqual([6, 7]);
});

test('a pause of the source is followed by one frame that comes soon, and by no burst', () => {
  const limit = new RateLimit(10);
  limit.setRate(1);
  limit.admit(0);
  expect(passed(limit, 1000, 1020)).toEqual([1000, 1001, 1010]);
});
