/** What does not come by itself is asked for as long as it may change, and not where the server refuses it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionLost, MienError } from '../../src/web/client.js';
import { poll } from '../../src/web/page/poll.js';

const MS = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const error = (code: string) => new MienError({ message: code, extensions: { code } });

/** What is told, when each time of asking ends as listed; true: it may change. */
async function toldBy(outcomes: readonly (boolean | Error)[], stop = new AbortController()) {
  const told: string[] = [];
  let asked = 0;
  const ask = async () => {
    const outcome = outcomes[asked++] ?? true;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const problem = {
    tell: (found: unknown) => void told.push((found as Error).message),
    over: () => void told.push('over'),
  };
  poll(MS, ask, { signal: stop.signal, problem });
  await vi.advanceTimersByTimeAsync(outcomes.length * MS);
  stop.abort();
  return { told, asked };
}

test.each(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST'])(
  'what is refused with %s is told, and not asked for again',
  async (code) => {
    expect(await toldBy([true, error(code), true])).toEqual({ told: ['over', code], asked: 2 });
  },
);

test('what may pass is told, asked for again, and over with the next answer', async () => {
  const lost = new ConnectionLost('away');
  expect(await toldBy([lost, error('STORE_UNAVAILABLE'), error('INTERNAL'), true, false, true])).toEqual({
    told: ['away', 'STORE_UNAVAILABLE', 'INTERNAL', 'over', 'over'],
    asked: 5,
  });
});

test('nothing is asked or told any more once it is stopped', async () => {
  const stop = new AbortController();
  const later = toldBy([true, true, true], stop);
  stop.abort();
  expect(await later).toEqual({ told: [], asked: 1 });
});
