import { expect, it } from 'vitest';
import { failOnStall } from '../../src/sessions/stall-timeout.ts';

it('a silent source is stopped and fails, without waiting for its end', async () => {
  const controller = new AbortController();
  const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const watched = failOnStall(stuck, { stallMs: 5, abort: () => controller.abort() });
  await expect(watched.next()).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  expect(controller.signal.aborted).toBe(true);
});
