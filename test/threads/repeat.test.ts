import { afterEach, expect, it, vi } from 'vitest';
import { repeat } from '../../src/threads/repeat.ts';

afterEach(() => void vi.useRealTimers());

it('what is repeated is done at once, never twice at a time, and not after it was stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const begun: boolean[] = [];
  const ends: (() => void)[] = [];
  const stop = repeat(1_000, (isFirst) => {
    begun.push(isFirst);
    return new Promise((resolve) => ends.push(resolve));
  });
  expect(begun).toEqual([true]);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(begun).toEqual([true]); // the first is still under way
  ends[0]!();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([true, false]);
  const stopped = vi.fn();
  void stop().then(stopped);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([begun.length, stopped.mock.calls.length]).toEqual([2, 0]);
  ends[1]!();
  await vi.advanceTimersByTimeAsync(0);
  expect([begun.length, stopped.mock.calls.length]).toEqual([2, 1]);
});
