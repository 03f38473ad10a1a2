import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GroupCommit } from '../../src/store/commit/group-commit.ts';
import type { PrepareBatch } from '../../src/store/commit/prepare-batch.ts';
import { makeMoment } from '../helpers/moments.ts';

const SESSION = '00000000-0000-7000-8000-000000000001';
const OTHER = '00000000-0000-7000-8000-000000000002';
const CONFIG = { commitIntervalMs: 5, commitMax: 4, bufferMax: 20 };
const add = (groupCommit: GroupCommit, seq: number) =>
  groupCommit.add({ position: 0, moment: makeMoment(SESSION, seq), events: [] });
const seqs = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** A commit that writes down what it was given, after it threw the given errors. */
function recorder(...errors: unknown[]) {
  const commits: number[][] = [];
  const prepare: PrepareBatch =
    ({ appended }) =>
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const error = errors.shift();
      if (error !== undefined) throw error;
      commits.push(appended.map(({ moment }) => moment.seq));
      return new Map();
    };
  return { prepare, commits };
}

// From each timer to the next as soon as nothing else is to be done; some tests go on by hand.
beforeEach(() => void vi.useFakeTimers().setTimerTickMode('nextTimerAsync'));
afterEach(() => void vi.useRealTimers());

const away = () => Object.assign(new Error('gone'), { code: 'P1001' });
const full = () =>
  Object.assign(new Error('full'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { kind: 'postgres', code: '53100', originalCode: '53100' } } },
  });

it('moments that come together are committed together, and a backlog in larger commits, in order', async () => {
  const { prepare, commits } = recorder();
  const groupCommit = new GroupCommit(prepare, CONFIG);
  await Promise.all(seqs(0, 20).map((seq) => add(groupCommit, seq)));
  expect(commits).toEqual([seqs(0, 4), seqs(4, 20)]);
  await add(groupCommit, 20);
  expect(commits.at(-1)).toEqual([20]);
  await groupCommit.close();
});

it('a backlog of many sessions goes in commits of several moments of each, so that their sums are written once for these', async () => {
  const sizes: number[] = [];
  const prepare: PrepareBatch =
    ({ appended }) =>
    async () => {
      sizes.push(appended.length);
      return new Map();
    };
  const groupCommit = new GroupCommit(prepare, { ...CONFIG, bufferMax: 1_000 });
  const sessions = seqs(0, 20).map(
    (at) => `00000000-0000-7000-8000-0000000001${at.toString().padStart(2, '0')}`,
  );
  await Promise.all(
    seqs(0, 10).flatMap((seq) =>
      sessions.map((id) =>
        groupCommit.add({ position: 0, moment: { ...makeMoment(SESSION, seq), sessionId: id }, events: [] }),
      ),
    ),
  );
  // At most 64 in a row, were there few.
  expect(sizes).toEqual([4, 160, 36]);
  await groupCommit.close();
});

it.each([
  ['the connection breaks', away],
  ['the disk is full', full],
])('a commit is tried again when %s, and nothing is lost', async (_, error) => {
  const { prepare, commits } = recorder(error(), error());
  const messages: string[] = [];
  const log = {
    info: (_: object, text: string) => messages.push(text),
    warn: (_: object, text: string) => messages.push(text),
  };
  const groupCommit = new GroupCommit(prepare, { ...CONFIG, log });
  await Promise.all(seqs(0, 6).map((seq) => add(groupCommit, seq)));
  expect(commits.flat()).toEqual(seqs(0, 6));
  expect(messages).toEqual(['the database is away; moments wait', 'the database is back']);
  await groupCommit.close();
});

it('a moment beyond the bound of the buffer is refused at once, and those before it are committed', async () => {
  const depths: number[] = [];
  const { prepare, commits } = recorder(away(), away());
  const groupCommit = new GroupCommit(prepare, {
    ...CONFIG,
    metrics: { bufferDepth: (depth) => depths.push(depth) },
  });
  const results = await Promise.allSettled(seqs(0, 25).map((seq) => add(groupCommit, seq)));
  expect(results.slice(0, 20).every(({ status }) => status === 'fulfilled')).toBe(true);
  for (const refused of results.slice(20)) {
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  }
  expect(commits.flat()).toEqual(seqs(0, 20));
  expect(Math.max(...depths)).toBe(20);
  await groupCommit.close();
});

/** A commit that is refused where it has this moment of the session; writes down the others. */
function refusing(seq: number) {
  const stored: string[] = [];
  const prepare: PrepareBatch =
    ({ appended, ends }) =>
    async () => {
      if (appended.some(({ moment }) => moment.seq === seq && moment.sessionId === SESSION))
        throw Object.assign(new Error('no'), { code: '22003' });
      stored.push(
        ...appended.map(({ moment }) => `${moment.sessionId === SESSION ? '' : 'other '}${moment.seq}`),
      );
      stored.push(...ends.map(() => 'end'));
      return new Map();
    };
  return { prepare, stored };
}

it('the one moment that the database refuses is found; those of its session that follow are refused too, so that it has no hole', async () => {
  const { prepare, stored } = refusing(5);
  const groupCommit = new GroupCommit(prepare, CONFIG);
  const both = seqs(0, 8).flatMap((seq) => [
    add(groupCommit, seq),
    groupCommit.add({ position: 0, moment: makeMoment(OTHER, seq), events: [] }),
  ]);
  const results = (await Promise.allSettled(both)).map(({ status }) => status === 'fulfilled');
  expect(results.filter((_, at) => at % 2 === 0)).toEqual(seqs(0, 8).map((seq) => seq < 5));
  expect(results.filter((_, at) => at % 2 === 1)).toEqual(seqs(0, 8).map(() => true));
  await expect(add(groupCommit, 8)).rejects.toThrow('before it');
  await groupCommit.add({ position: 0, sessionId: SESSION, events: [], dropped: { store: 3 } });
  const expected = [...seqs(0, 5).map(String), ...seqs(0, 8).map((seq) => `other ${seq}`), 'end'];
  expect(stored.sort()).toEqual(expected.sort());
  await groupCommit.close();
});

it('a commit that takes longer than a server allows is halved until it is short enough, and one moment is tried again', async () => {
  const sizes: number[] = [];
  let slow = 2;
  const prepare: PrepareBatch =
    ({ appended }) =>
    async () => {
      sizes.push(appended.length);
      if (appended.length > 2 || (appended.length === 1 && slow-- > 0))
        throw Object.assign(new Error('slow'), { code: '57014' });
      return new Map();
    };
  const groupCommit = new GroupCommit(prepare, CONFIG);
  await Promise.all(seqs(0, 4).map((seq) => add(groupCommit, seq)));
  await add(groupCommit, 4);
  expect(sizes).toEqual([4, 2, 2, 1, 1, 1]);
  await groupCommit.close();
});

/** Commits on a clock that stands still, each of which takes so long; when each began, and the moments in it. */
function timed(takesMs: number, commitIntervalMs: number) {
  vi.useFakeTimers();
  const start = performance.now();
  const began: [at: number, seqs: number[]][] = [];
  const prepare: PrepareBatch =
    ({ appended }) =>
    async () => {
      began.push([performance.now() - start, appended.map(({ moment }) => moment.seq)]);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      return new Map();
    };
  const config = { commitIntervalMs, commitMax: 1_000, bufferMax: 1_000 };
  return { began, groupCommit: new GroupCommit(prepare, config) };
}

/** A moment in each of so many milliseconds. @returns when the commits began that it took after the first second */
async function steadily({ began, groupCommit }: ReturnType<typeof timed>, milliseconds: number) {
  const start = performance.now();
  const all: Promise<void>[] = [];
  for (let seq = 0; seq < milliseconds; seq++) {
    all.push(add(groupCommit, seq));
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all(all);
  return began.map(([at]) => at - start).filter((at) => at >= 1_000 && at < milliseconds);
}

async function close(groupCommit: GroupCommit): Promise<void> {
  const closed = groupCommit.close();
  await vi.runAllTimersAsync();
  await closed;
}

it('a moment after a lull is committed at once, and those that come while it is written right behind it', async () => {
  const { began, groupCommit } = timed(7, 50);
  await vi.advanceTimersByTimeAsync(100);
  const first = add(groupCommit, 0);
  await vi.advanceTimersByTimeAsync(1);
  const rest = [add(groupCommit, 1), add(groupCommit, 2)];
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all([first, ...rest]);
  expect(began).toEqual([
    [100, [0]],
    [108, [1, 2]],
  ]);
  await close(groupCommit);
});

it('moments that come ever on are committed three times as far apart as a commit takes, so that the database writes for a third of the time', async () => {
  const run = timed(4, 50);
  const begun = await steadily(run, 3_000);
  const each = 2_000 / begun.length;
  expect(each).toBeGreaterThan(11.5);
  expect(each).toBeLessThan(14);
  await close(run.groupCommit);
});

it('no moment waits for longer than the interval, however long commits take', async () => {
  const run = timed(30, 50);
  const begun = await steadily(run, 3_000);
  expect(2_000 / begun.length).toBeLessThan(52);
  await close(run.groupCommit);
});

it('commits that took long hold up those that follow for a moment alone', async () => {
  let takesMs = 5_000;
  vi.useFakeTimers();
  const began: number[] = [];
  const prepare: PrepareBatch = () => async () => {
    began.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, takesMs));
    return new Map();
  };
  const groupCommit = new GroupCommit(prepare, { ...CONFIG, commitIntervalMs: 50 });
  const first = add(groupCommit, 0);
  await vi.advanceTimersByTimeAsync(5_001);
  await first;
  takesMs = 2;
  for (const seq of seqs(1, 4)) {
    const added = performance.now();
    const done = add(groupCommit, seq);
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(began.at(-1)! - added).toBeLessThanOrEqual(50);
  }
  await close(groupCommit);
});

it('moments that wait are committed at once when the store closes, and none is taken after', async () => {
  const { began, groupCommit } = timed(100, 60_000);
  const first = add(groupCommit, 0);
  await vi.advanceTimersByTimeAsync(100);
  const waiting = add(groupCommit, 1);
  await vi.advanceTimersByTimeAsync(1);
  const closed = groupCommit.close();
  await vi.runAllTimersAsync();
  await Promise.all([first, waiting, closed]);
  expect(began).toEqual([
    [0, [0]],
    [101, [1]],
  ]);
  await expect(add(groupCommit, 2)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

it('closing gives up after some seconds where the database stays away', async () => {
  const prepare: PrepareBatch = () => () => Promise.reject(away());
  const groupCommit = new GroupCommit(prepare, CONFIG);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const settled = vi.fn();
  const waiting = Promise.allSettled([add(groupCommit, 0), add(groupCommit, 1)]).finally(settled);
  const closed = groupCommit.close();
  await vi.advanceTimersByTimeAsync(4_900);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  await closed;
  for (const result of await waiting) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  }
});
