import { expect, it } from 'vitest';
import { createSemaphore } from '../../src/outputs/mqtt/semaphore.ts';

it('no more runs at once than is allowed, also once less is, and all of it runs in order', async () => {
  const semaphore = createSemaphore(3);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  let running = 0;
  const all = Array.from({ length: 6 }, (_, at) =>
    semaphore.run(async () => {
      begun.push(at);
      running += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
    }),
  );
  const end = async () => {
    ends.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  expect(begun).toEqual([0, 1, 2]);
  semaphore.limit(1);
  await end();
  expect(running).toBe(2);
  await end();
  expect(running).toBe(1);
  for (const next of [3, 4, 5]) {
    await end();
    expect([running, begun.at(-1)]).toEqual([1, next]);
  }
  await end();
  await Promise.all(all);
  expect(running).toBe(0);
});
