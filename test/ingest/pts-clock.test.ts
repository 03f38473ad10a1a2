import { expect, test } from 'vitest';
import { createPtsClock } from '../../src/ingest/frames/pts-clock.ts';

test('the media time of a recording is its own, and that of a live source begins at 0', () => {
  const recorded = createPtsClock(false, 10);
  expect([500_000, 600_000].map(recorded)).toEqual([0.5, 0.6]);
  const live = createPtsClock(true, 10);
  expect([5_000_000, 5_100_000].map(live).map((time) => time.toFixed(3))).toEqual(['0.000', '0.100']);
});

test('media time goes on where timestamps start again, or are missing', () => {
  const clock = createPtsClock(true, 10);
  const times = [9e6, 10e6, 0, 0.5e6, null, 1e6].map((pts) => Number(clock(pts).toFixed(3)));
  expect(times).toEqual([0, 1, 1.1, 1.6, 1.7, 2.1]);
  expect(createPtsClock(false, 10)(-40_000)).toBe(0);
});
