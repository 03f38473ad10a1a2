import { expect, test } from 'vitest';
import { SkippedCounts } from '../../src/ingest/frames/skipped-counts.ts';

function counted(work: (count: SkippedCounts) => void): number {
  const count = new SkippedCounts(10);
  work(count);
  return count.take().dropped.busy ?? 0;
}

test('frames that came and were left out count once', () => {
  const count = new SkippedCounts(10);
  for (const mediaTime of [0, 0.1, 0.2]) {
    count.cameAt(mediaTime);
    count.add(mediaTime === 0 ? 'late' : 'rate');
  }
  expect([count.take(), count.take()]).toEqual([
    { dropped: { busy: 3 }, leftOut: 2, late: 1 },
    { dropped: {} },
  ]);
});

test('what lies between the last frame and the first after a skip counts at the rate of the source', () => {
  const skipFrom = (mediaTimes: number[]) => (count: SkippedCounts) => {
    for (const time of mediaTimes) count.cameAt(time);
    count.skipped('late');
    count.cameAt(mediaTimes.at(-1)! + 4);
    count.cameAt(mediaTimes.at(-1)! + 8);
  };
  expect(counted(skipFrom([0]))).toBe(39);
  // A source that has only four frames a second.
  const slow = Array.from({ length: 100 }, (_, i) => i / 4);
  expect(counted(skipFrom(slow))).toBe(15);
});

test('a pause of the source is no loss, and no measure of its rate', () => {
  expect(counted((count) => [0, 0.1, 60, 60.1].forEach((time) => void count.cameAt(time)))).toBe(0);
});
