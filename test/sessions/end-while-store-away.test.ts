/** The end of a session is stored also when the store is away just then; only the server's end gives it up. */
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { finishTimeline } from '../../src/sessions/finish-timeline.ts';
import { tick } from '../helpers/memory-store.ts';
import { frames } from './fakes.ts';
import { INPUT, LIMITS, range, TestManager, until } from './test-manager.ts';

const limits = { ...LIMITS, drainMs: 20 };

/** A recording of which all but the end is stored when the store goes away. */
function leftByItsStore(): TestManager {
  const test = new TestManager({
    limits,
    async *decode(...given) {
      yield* frames(20)(...given);
      await until(() => test.seqs.length === 20);
      test.store.away = true;
    },
  });
  return test;
}

it('a recording that ends while the store is away for long is stored, and is not wanted any more, once it is back', async () => {
  const test = leftByItsStore();
  const { id } = await test.manager.register(INPUT);
  await until(() => test.store.away);
  await tick(5 * limits.drainMs);
  test.store.away = false;
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED', failure: null });
  expect(test.seqs).toEqual(range(20));
  expect([test.store.streams.get(id)?.shouldRun, test.store.finished.length]).toEqual([false, 1]);
});

it('who stops, removes or starts a stream is told when its end cannot be stored, and need not wait for it', async () => {
  const test = new TestManager({
    limits: { ...limits, stopMs: 30 },
    async *decode(...given) {
      yield* frames(5)(...given);
      test.store.away = true;
      await new Promise((resolve) => given[2].signal.addEventListener('abort', resolve));
    },
  });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.store.away);
  for (const refused of [test.manager.stop(id), test.manager.start(id), test.manager.remove(id)])
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  test.store.away = false;
  await until(() => test.manager.running().length === 0);
  expect((await test.manager.start(id)).state).toBe('STARTING');
});

it('the end of a timeline that finds the buffer of the store full is offered again', async () => {
  const test = new TestManager();
  const finish = test.store.finish.bind(test.store);
  let refusals = 2;
  test.store.finish = async (...told) => {
    if (refusals-- > 0) throw new MienError('STORE_UNAVAILABLE', 'full');
    return finish(...told);
  };
  const { id } = await test.manager.register(INPUT);
  await test.ended(id);
  expect(test.store.finished).toHaveLength(1);
  expect(test.heard.slice(-2)).toEqual(['OFFSET', 'ENDED']);
});

it('a store that is away for long is waited for without anything that piles up', async () => {
  const { signal } = new AbortController();
  let refusals = 20;
  const listeners: number[] = [];
  const finish = async () => {
    listeners.push(getEventListeners(signal, 'abort').length);
    if (refusals-- > 0) throw new MienError('STORE_UNAVAILABLE', 'full');
    return 0;
  };
  const { store, bus: publisher } = new TestManager();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const deps = {
    sink: { append: store.append.bind(store), finish },
    publisher,
    log,
    retryMs: 1,
    giveUp: signal,
  };
  await finishTimeline(deps, { streamId: 'a', id: 'b' }, { events: [], dropped: { store: 1 }, end: null });
  expect([listeners.length, Math.max(...listeners)]).toEqual([21, 0]);
});

it('a session whose end still waits for the store when the server ends is given up in time', async () => {
  const test = leftByItsStore();
  const { id } = await test.manager.register(INPUT);
  await until(() => test.store.away);
  await tick(5 * limits.drainMs);
  const start = performance.now();
  await test.manager.close();
  expect(performance.now() - start).toBeLessThan(2000);
  expect(test.store.streams.get(id)?.shouldRun).toBe(true);
});

it('a store that is back too late for the last moments is told of no episode that ended with them', async () => {
  const test = new TestManager({ limits, decode: frames(Number.POSITIVE_INFINITY, 1) });
  await test.manager.register(INPUT);
  await until(() => test.seqs.length > 2);
  test.store.away = true;
  await tick(50);
  const finish = test.store.finish.bind(test.store);
  test.store.finish = async (...told) => {
    test.store.away = false;
    return finish(...told);
  };
  await test.manager.close();
  const [[, events, dropped]] = test.store.finished as [Parameters<typeof finish>];
  expect(events).toEqual([]);
  expect(dropped.store).toBeGreaterThan(0);
});

it('the end of a session that was removed by another server is asked for once', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 2);
  let asked = 0;
  test.store.sessions.setState = async () => {
    asked += 1;
    throw new MienError('NOT_FOUND', 'There is no session any more.');
  };
  await test.manager.stop(id);
  expect(asked).toBe(1);
});

it('a stream whose session could not be stored is not wanted', async () => {
  const test = new TestManager();
  const { id } = await test.manager.register({ ...INPUT, autoStart: false });
  test.store.sessions.create = () => Promise.reject(new MienError('STORE_UNAVAILABLE', 'away'));
  await expect(test.manager.start(id)).rejects.toThrow('away');
  expect(test.store.streams.get(id)?.shouldRun).toBe(false);
});
