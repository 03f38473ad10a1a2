/** Pauses between two attempts: they grow until a connection has lasted, not until one was merely let in. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionLost, MienError } from '../../clients/typescript/src/errors.ts';
import { retry } from '../../clients/typescript/src/retry.ts';

/** As long as a connection must stand to have lasted. */
const LASTED_MS = 8_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const lost = new ConnectionLost('the server closed the connection');
const internal = new MienError({ message: 'It went wrong.', extensions: { code: 'INTERNAL' } });

/** Each attempt opens, stands for as long as is listed (null: it never opens), and breaks; the last one of them ends well. */
async function pausesOf(stands: readonly (number | null)[], error: Error = lost) {
  const pauses: number[] = [];
  let attempts = 0;
  const attempt = async (opened: () => void) => {
    const ms = stands[attempts++];
    if (ms === undefined) return;
    if (ms !== null) {
      opened();
      vi.advanceTimersByTime(ms);
    }
    throw error;
  };
  const pause = async (ms: number) => void pauses.push(ms);
  await retry(attempt, { signal: new AbortController().signal, pause });
  return pauses;
}

/** Each as long as this, or shorter by up to a half. */
const expectPauses = (pauses: readonly number[], longest: readonly number[]) => {
  expect(pauses).toHaveLength(longest.length);
  for (const [at, most] of longest.entries()) {
    expect(pauses[at]).toBeLessThanOrEqual(most);
    expect(pauses[at]).toBeGreaterThanOrEqual(most / 2);
  }
};

test('pauses grow over connections that are let in and break at once', async () => {
  expectPauses(await pausesOf([0, 10, 0, 1_000, 0, 0]), [500, 1_000, 2_000, 4_000, 8_000, 8_000]);
});

test('a pause is short again behind a connection that lasted', async () => {
  const almost = LASTED_MS - 1;
  expectPauses(
    await pausesOf([null, null, LASTED_MS, null, almost, null]),
    [500, 1_000, 500, 1_000, 2_000, 4_000],
  );
});

test('the time that an attempt took before it was let in is none that it lasted', async () => {
  const pauses: number[] = [];
  let attempts = 0;
  await retry(
    async (opened) => {
      if (attempts++ === 3) return;
      vi.advanceTimersByTime(2 * LASTED_MS);
      opened();
      throw lost;
    },
    { signal: new AbortController().signal, pause: async (ms) => void pauses.push(ms) },
  );
  expectPauses(pauses, [500, 1_000, 2_000]);
});

test('what goes wrong on the server as soon as it lets in is thrown at the fifth time', async () => {
  await expect(pausesOf([0, 0, 0, 0, 0, 0, 0], internal)).rejects.toBe(internal);
  expect(await pausesOf([0, 0, 0, 0, LASTED_MS, 0, 0, 0], internal)).toHaveLength(8);
});
