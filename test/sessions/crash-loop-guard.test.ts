/** A session that crashes its server is not started again and again. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { CrashLoopGuard } from '../../src/sessions/crash-loop-guard.ts';
import type { SessionTimeouts } from '../../src/sessions/session-timeouts.ts';
import type { MemoryStore } from '../helpers/memory-store.ts';
import { type Decode, frames } from './fakes.ts';
import { code, INPUT, LIMITS, TestManager, until } from './test-manager.ts';

const endless = frames(Number.POSITIVE_INFINITY, 1);

/** A server that starts on what the one before, which crashed, has left. */
const boot = async (store: MemoryStore, more: Partial<SessionTimeouts> = {}, decode: Decode = endless) => {
  const ports = { streams: store.repository, sessions: store.sessions, sink: store };
  const test = new TestManager({ decode, ...ports, limits: { ...LIMITS, ...more } });
  await test.manager.desired.restore();
  await allRun(store);
  return test;
};
/** The server before says no more of its sessions then. */
const allRun = (store: MemoryStore) =>
  until(() => [...store.records.values()].every(({ state }) => state !== 'STARTING'));
const crashing = async () => {
  const { store, manager } = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await manager.register(INPUT);
  return { store, id, restored: ({ manager }: TestManager) => manager.running().length };
};

it('a stream that was running at each crash is not started a third time', async () => {
  const { store, id, restored } = await crashing();
  expect(restored(await boot(store))).toBe(1);
  expect(restored(await boot(store))).toBe(1);
  // The only suspect waits for nobody.
  expect([...store.records.values()].filter(({ failure }) => failure?.includes('in groups'))).toEqual([]);
  const test = await boot(store);
  expect(restored(test)).toBe(0);
  expect(store.streams.get(id)?.shouldRun).toBe(false);
  const last = await store.sessions.latest(id);
  expect(last).toMatchObject({
    state: 'INTERRUPTED',
    failure: expect.stringContaining('3 times in a row'),
  });
  expect(test.warnings).toContain(
    'a stream is not started again, because the server crashed each time soon after it started',
  );
  // Who starts it by hand has all tries again.
  await test.manager.start(id);
  expect(restored(await boot(store))).toBe(1);
});

it('a stream that is removed while it is judged does not end the start of the server', async () => {
  const { store, restored } = await crashing();
  for (let crash = 0; crash < 2; crash++) expect(restored(await boot(store))).toBe(1);
  const { countCrash, remove } = store.repository;
  store.repository.countCrash = async (id) => {
    const crashes = await countCrash(id);
    await remove(id);
    return crashes;
  };
  const test = await boot(store);
  expect(restored(test)).toBe(0);
  expect(test.warnings).toContain('a stream was removed while it was judged');
});

it('a store that refuses to note who is held back leaves them as they are, for the next look', async () => {
  const { store, ids } = await threeCrashing();
  await boot(store);
  const { setState } = store.sessions;
  store.sessions.setState = async (id, state, details) => {
    if (details?.failure?.includes('in groups')) throw new MienError('STORE_UNAVAILABLE', 'It is away.');
    return setState(id, state, details);
  };
  await expect(boot(store)).rejects.toEqual(code('STORE_UNAVAILABLE'));
  expect(ids.map((id) => store.streams.get(id)?.shouldRun)).toEqual([true, true, true]);
});

it('whose crashes cannot be counted is no reason not to find who is to blame', async () => {
  const { store, ids } = await threeCrashing();
  const [a, b] = ids;
  const streams = {
    ...store.repository,
    countCrash: async (id: string) =>
      id === a ? Promise.reject(new Error('It was removed.')) : id === b ? 3 : 1,
  };
  const warnings: string[] = [];
  const warn = (_: object, text: string) => void warnings.push(text);
  const log = { debug() {}, info() {}, warn, error() {} };
  const publisher = { status() {} };
  const guard = new CrashLoopGuard({ streams, sessions: store.sessions, publisher, log });
  const restored = [...store.records.values()].map((cutOff) => ({
    stream: store.streams.get(cutOff.streamId)!,
    cutOff,
  }));
  const { together, inTurn } = await guard.judge(restored);
  expect([together.map(({ id }) => id), inTurn]).toEqual([ids.filter((id) => id !== b), []]);
  expect(warnings).toEqual(['could not count a crash']);
});

it('a crash is not the fault of a stream that has run for a while, or that ended in order', async () => {
  const { store, restored } = await crashing();
  for (let crash = 0; crash < 4; crash++) {
    const test = await boot(store, { stableMs: 5 });
    expect(restored(test)).toBe(1);
    await until(() => store.crashes.size === 0);
  }
  for (let end = 0; end < 4; end++) {
    const test = await boot(store);
    expect(restored(test)).toBe(1);
    await test.manager.close();
  }
});

const threeCrashing = async () => {
  const { store, manager } = new TestManager({ decode: endless });
  const register = async (name: string) => (await manager.register({ ...INPUT, name })).id;
  const ids = [await register('a'), await register('b'), await register('c')] as const;
  await allRun(store);
  return { store, ids };
};
const running = ({ manager }: TestManager) => manager.running().map(({ streamId }) => streamId);

it('of streams that ran at each crash only the one is held back that was on trial at the third', async () => {
  const { store, ids } = await threeCrashing();
  const [a, b, c] = ids;
  expect(running(await boot(store))).toEqual([a, b, c]);
  expect(running(await boot(store))).toEqual([c]);
  expect(await store.sessions.latest(a)).toMatchObject({
    state: 'INTERRUPTED',
    failure: expect.stringMatching(/^The server crashed twice.*one after another/),
  });
  expect(running(await boot(store))).toEqual([a, b]);
  expect((await store.sessions.latest(c))?.failure).toMatch(/3 times in a row/);
  expect(ids.map((id) => store.streams.get(id)?.shouldRun)).toEqual([true, true, false]);
  expect(store.crashes).toEqual(new Map());
});

it('suspects start one after another, and who has run for a while is acquitted', async () => {
  const { store, ids } = await threeCrashing();
  const [a, b, c] = ids;
  await boot(store);
  const trial = await boot(store, { stableMs: 50 });
  expect(running(trial)).toEqual([c]);
  await until(() => running(trial).length === 2);
  expect(running(trial)).toEqual([c, b]);
  await allRun(store);
  // It crashes with the second on trial.
  expect(store.crashes.get(c)).toBe(undefined);
  expect(running(await boot(store))).toEqual([a, c]);
  expect(store.streams.get(b)?.shouldRun).toBe(false);
});

it('the end of the server cuts the line of suspects short', async () => {
  const { store } = await threeCrashing();
  await boot(store);
  const { manager } = await boot(store);
  await manager.close();
  expect(manager.running()).toEqual([]);
});

it('who judges nobody finds nobody, and an acquittal that cannot be stored is logged, and holds up nothing', async () => {
  const error = new MienError('STORE_UNAVAILABLE', 'The database is away.');
  const logged: unknown[] = [];
  const { store } = new TestManager();
  const guard = new CrashLoopGuard({
    streams: { ...store.repository, forgetCrashes: () => Promise.reject(error) },
    ...{ sessions: store.sessions, publisher: { status() {} } },
    log: { debug() {}, info() {}, warn: (of, text) => void logged.push([of, text]), error() {} },
  });
  expect(await guard.judge([])).toEqual({ together: [], inTurn: [] });
  await guard.watch('stream-1')();
  expect(logged).toEqual([[{ err: error, stream: 'stream-1' }, 'could not note that a stream runs well']]);
});
