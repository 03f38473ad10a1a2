/** A session that crashes its server is not started again and again. */
import { expect, it } from 'vitest';
import type { SessionLimits } from '../../src/sessions/session-limits.ts';
import type { MemoryStore } from '../helpers/memory-store.ts';
import { frames } from './fakes.ts';
import { INPUT, LIMITS, TestManager, until } from './test-manager.ts';

/** A server that starts on what the one before, which crashed, has left. */
const boot = async (store: MemoryStore, limits: Partial<SessionLimits> = {}) => {
  const decode = frames(Number.POSITIVE_INFINITY, 1);
  const ports = { streams: store.repository, sessions: store.sessions, sink: store };
  const test = new TestManager({ decode, ...ports, limits: { ...LIMITS, ...limits } });
  await test.manager.restoreDesiredState();
  return test;
};
const crashing = async () => {
  const { store, manager } = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await manager.register(INPUT);
  return { store, id, restored: ({ manager }: TestManager) => manager.running().length };
};

it('a stream that was running at each crash is not started a third time', async () => {
  const { store, id, restored } = await crashing();
  expect(restored(await boot(store))).toBe(1);
  expect(restored(await boot(store))).toBe(1);
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
