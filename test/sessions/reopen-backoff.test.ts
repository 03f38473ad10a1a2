import { expect, it } from 'vitest';
import { createReopenBackoff } from '../../src/sessions/reopen-backoff.ts';

it('the wait before a source is opened again doubles from one second to thirty while no frame comes', () => {
  let now = 0;
  const backoff = createReopenBackoff(() => now);
  const waits = Array.from({ length: 7 }, () => {
    const wait = backoff.failed();
    now += wait + 20_000;
    return wait;
  });
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  backoff.delivers();
  expect(backoff.failed()).toBe(1000);
});

it('the fifth failure within a minute waits longest, also when frames came in between', () => {
  // It has run for a while.
  let now = 3_600_000;
  const backoff = createReopenBackoff(() => now);
  const waits = Array.from({ length: 6 }, () => {
    backoff.delivers();
    now += 5000;
    return backoff.failed();
  });
  expect(waits).toEqual([1000, 1000, 1000, 1000, 30_000, 30_000]);
  now += 61_000;
  backoff.delivers();
  expect(backoff.failed()).toBe(1000);
});
