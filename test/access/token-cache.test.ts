/** What the tokens in memory say while the store is slow, away or silent. */
import { expect, test, vi } from 'vitest';
import { TokenCache } from '../../src/access/token-cache.ts';
import { memoryTokens } from '../helpers/tokens.ts';

const NEVER = new Promise<void>(() => {});

function open() {
  const store = memoryTokens();
  let now = 0;
  const directory = new TokenCache(store, { answerMs: 50, openMs: 20 }, { elapsed: () => now });
  return { store, directory, wait: (ms: number) => (now += ms) };
}

test('a server that asks nobody goes on while its store is away or silent, and closes once it hears of a token', async () => {
  const { store, directory, wait } = open();
  expect(await directory.anyMade()).toBe(false);
  store.stall = NEVER;
  wait(60_000);
  expect(await directory.anyMade()).toBe(false);
  store.stall = null;
  store.failure = new Error('away');
  wait(60_000);
  expect(await directory.anyMade()).toBe(false);
  store.failure = null;
  await store.add();
  // The question that was never answered is given up first.
  await vi.waitFor(async () => {
    wait(60_000);
    expect(await directory.anyMade()).toBe(true);
  }, 60_000);
  store.failure = new Error('away');
  wait(60_000);
  expect(await directory.anyMade()).toBe(true);
});

test('where a token was just made here, a store that is away opens nothing', async () => {
  const { store, directory } = open();
  expect(await directory.anyMade()).toBe(false);
  await store.add();
  directory.forget();
  store.failure = new Error('away');
  await expect(directory.anyMade()).rejects.toThrow('away');
});

test('a store that never answers is taken for away after a while, and asked again', async () => {
  const { store, directory, wait } = open();
  const { id } = await store.add();
  expect(await directory.notRevoked([id])).toEqual(new Set([id]));
  wait(10_000);
  store.stall = NEVER;
  await expect(directory.notRevoked([id])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  store.stall = null;
  wait(1);
  expect(await directory.notRevoked([id])).toEqual(new Set([id]));
});

test('what was changed while the store answered is not missed', async () => {
  const { store, directory, wait } = open();
  const { id } = await store.add();
  expect(await directory.notRevoked([id])).toEqual(new Set([id]));
  wait(10_000);
  let answer = () => {};
  store.stall = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const asked = directory.notRevoked([id]);
  await store.revoke(id);
  directory.forget();
  store.stall = null;
  answer();
  expect(await asked).toEqual(new Set());
});

test('what another process revoked is seen the next time that what is open is looked at', async () => {
  const { store, directory, wait } = open();
  const { id } = await store.add();
  expect(await directory.notRevoked([id])).toEqual(new Set([id]));
  await store.revoke(id);
  wait(300);
  expect(await directory.notRevoked([id])).toEqual(new Set());
});

test('many who ask at once are answered by one question', async () => {
  const { store, directory } = open();
  const { id } = await store.add();
  await Promise.all(Array.from({ length: 1_000 }, () => directory.notRevoked([id])));
  expect(store.asked).toBe(2);
});

test('a server waits 60 s for the first answer of all, and 3 s for each later one', async () => {
  vi.useFakeTimers();
  try {
    const store = memoryTokens();
    const directory = new TokenCache(store);
    const answerWithin = async (milliseconds: number) => {
      const asked = directory.byPrefix('mien_').then(
        () => 'answered',
        ({ code }) => code,
      );
      await vi.advanceTimersByTimeAsync(milliseconds);
      return Promise.race([asked, Promise.resolve('waits')]);
    };
    store.stall = NEVER;
    expect(await answerWithin(59_999)).toBe('waits');
    expect(await answerWithin(1)).toBe('STORE_UNAVAILABLE');
    store.stall = null;
    expect(await answerWithin(0)).toBe('answered');
    store.stall = NEVER;
    vi.advanceTimersByTime(10_000);
    expect(await answerWithin(2_999)).toBe('waits');
    expect(await answerWithin(1)).toBe('STORE_UNAVAILABLE');
  } finally {
    vi.useRealTimers();
  }
});

test('the first answer of all may take longer: the server starts, and the database was just made', async () => {
  const { store, directory, wait } = open();
  store.stall = new Promise((resolve) => setTimeout(resolve, 200));
  expect(await directory.anyMade()).toBe(false);
  store.stall = NEVER;
  wait(10_000);
  await expect(directory.byPrefix('mien_')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
