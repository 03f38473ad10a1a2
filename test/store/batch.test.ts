import { afterEach, expect, it, vi } from 'vitest';
import type { Prepare } from '../../src/store/commit/commit-statement.ts';
import { type Batcher, createBatcher } from '../../src/store/commit/group-commit.ts';
import { makeMoment } from '../helpers/moments.ts';

const SESSION = '00000000-0000-7000-8000-000000000001';
const CONFIG = { commitIntervalMs: 5, commitMax: 4, bufferMax: 20 };
const add = (batcher: Batcher, seq: number) => batcher.add({ moment: makeMoment(SESSION, seq), events: [] });
const seqs = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** A commit that writes down what it was given, after it threw the given errors. */
function recorder(...errors: unknown[]) {
  const commits: number[][] = [];
  const prepare: Prepare =
    ({ entries }) =>
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const error = errors.shift();
      if (error !== undefined) throw error;
      commits.push(entries.map(({ moment }) => moment.seq));
      return new Set();
    };
  return { prepare, commits };
}

afterEach(() => vi.useRealTimers());

const away = () => Object.assign(new Error('gone'), { code: 'P1001' });
const full = () =>
  Object.assign(new Error('full'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { kind: 'postgres', code: '53100', originalCode: '53100' } } },
  });

it('commits together what comes together, and a backlog in larger commits, in order', async () => {
  const { prepare, commits } = recorder();
  const batcher = createBatcher(prepare, CONFIG);
  await Promise.all(seqs(0, 20).map((seq) => add(batcher, seq)));
  expect(commits).toEqual([seqs(0, 4), seqs(4, 20)]);
  await add(batcher, 20);
  expect(commits.at(-1)).toEqual([20]);
  await batcher.close();
});

it.each([
  ['the connection breaks', away],
  ['the disk is full', full],
])('tries again when %s, and loses nothing', async (_, error) => {
  const { prepare, commits } = recorder(error(), error());
  const messages: string[] = [];
  const log = {
    info: (_: object, text: string) => messages.push(text),
    warn: (_: object, text: string) => messages.push(text),
  };
  const batcher = createBatcher(prepare, { ...CONFIG, log });
  await Promise.all(seqs(0, 6).map((seq) => add(batcher, seq)));
  expect(commits.flat()).toEqual(seqs(0, 6));
  expect(messages).toEqual(['the database is away; moments wait', 'the database is back']);
  await batcher.close();
});

it('refuses at once what is more than its bound, and keeps the rest', async () => {
  const depths: number[] = [];
  const { prepare, commits } = recorder(away(), away());
  const batcher = createBatcher(prepare, {
    ...CONFIG,
    metrics: { bufferDepth: (depth) => depths.push(depth) },
  });
  const results = await Promise.allSettled(seqs(0, 25).map((seq) => add(batcher, seq)));
  expect(results.slice(0, 20).every(({ status }) => status === 'fulfilled')).toBe(true);
  for (const refused of results.slice(20)) {
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  }
  expect(commits.flat()).toEqual(seqs(0, 20));
  expect(Math.max(...depths)).toBe(20);
  await batcher.close();
});

it('finds the one moment that the database refuses', async () => {
  const stored: number[] = [];
  const prepare: Prepare =
    ({ entries }) =>
    async () => {
      if (entries.some(({ moment }) => moment.seq === 5))
        throw Object.assign(new Error('no'), { code: '22003' });
      stored.push(...entries.map(({ moment }) => moment.seq));
      return new Set();
    };
  const batcher = createBatcher(prepare, CONFIG);
  const results = await Promise.allSettled(seqs(0, 10).map((seq) => add(batcher, seq)));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(seqs(0, 10).map((seq) => seq !== 5));
  expect(stored).toEqual(seqs(0, 10).filter((seq) => seq !== 5));
  await batcher.close();
});

it('commits at once what comes after a lull; what follows waits, and is written when it closes', async () => {
  const { prepare, commits } = recorder();
  const batcher = createBatcher(prepare, { ...CONFIG, commitIntervalMs: 60_000 });
  await add(batcher, 0);
  const waiting = [add(batcher, 1), add(batcher, 2)];
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(commits).toEqual([[0]]);
  await batcher.close();
  await Promise.all(waiting);
  expect(commits).toEqual([[0], [1, 2]]);
  await expect(add(batcher, 3)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

it('gives up after some seconds when it closes and the database stays away', async () => {
  const prepare: Prepare = () => () => Promise.reject(away());
  const batcher = createBatcher(prepare, CONFIG);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const settled = vi.fn();
  const waiting = Promise.allSettled([add(batcher, 0), add(batcher, 1)]).finally(settled);
  const closed = batcher.close();
  await vi.advanceTimersByTimeAsync(4_900);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  await closed;
  for (const result of await waiting) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  }
});
