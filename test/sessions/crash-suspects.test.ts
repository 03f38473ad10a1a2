/** How soon, and after how many crashes, all streams but the one run again that crashes the server. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CrashLoopGuard } from '../../src/sessions/crash-loop-guard.ts';
import { restoreStreams } from '../../src/sessions/desired-state.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A store of streams that run, in the order of registration. */
async function running(count: number) {
  const store = new MemoryStore();
  const ids: string[] = [];
  for (let number = 0; number < count; number++) {
    const { id } = await store.repository.create({ ...SETTINGS, name: `s${number}` });
    await store.sessions.create({ streamId: id, modelId: 'model' });
    await store.repository.setShouldRun(id, true);
    ids.push(id);
  }
  return { store, ids };
}

/**
 * Starts a server on what the last one left, and lets it run until a culprit has run for `crashAfter`, or for `most`.
 * @returns when each stream started, in ms since the boot, and whether it crashed
 */
async function boot(store: MemoryStore, culprits: readonly string[], crashAfter = 1000, most = 20 * MINUTE) {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const began = Date.now();
  const started = new Map<string, number>();
  const publisher = { status() {}, episode() {}, moment() {}, removed() {} };
  const guard = new CrashLoopGuard({ streams: store.repository, sessions: store.sessions, publisher, log });
  let crash: () => void = () => {};
  const crashed = new Promise<true>((resolve) => {
    crash = () => resolve(true);
  });
  await restoreStreams(
    {
      ...{ streams: store.repository, sessions: store.sessions, sink: store, publisher, guard, log },
      stopping: new AbortController().signal,
      ...{ waiting: new Set(), deferred: new Map(), running: new Map() },
      async start(streamId) {
        started.set(streamId, Date.now() - began);
        await store.sessions.create({ streamId, modelId: 'model' });
        guard.watch(streamId);
        if (culprits.includes(streamId)) setTimeout(crash, crashAfter);
        return { ended: new Promise(() => {}) };
      },
    },
    await store.sessions.adopt(),
  );
  const end = new Promise<false>((resolve) => setTimeout(() => resolve(false), most));
  const outcome = Promise.race([crashed, end]);
  let hasCrashed: boolean | null = null;
  void outcome.then((how) => {
    hasCrashed = how;
  });
  while (hasCrashed === null) await vi.advanceTimersToNextTimerAsync();
  vi.clearAllTimers();
  return { started, crashed: hasCrashed };
}

/** Boots until it runs. @returns how many crashes there were, with the one before the first boot, and when streams started at last */
async function untilItRuns(store: MemoryStore, culprits: readonly string[], crashAfter: number) {
  for (let crashes = 1; crashes < 100; crashes++) {
    const { started, crashed } = await boot(store, culprits, crashAfter);
    if (!crashed) return { crashes, started };
  }
  throw new Error('it crashes for ever');
}

test('a hundred streams run three minutes after two crashes that none of them was to blame for', async () => {
  const { store } = await running(100);
  // The first was before this boot.
  expect((await boot(store, [], 0, 30_000)).started.size).toBe(100);
  const { started } = await boot(store, []);
  expect(started.size).toBe(100);
  expect(Math.max(...started.values())).toBeLessThanOrEqual(3 * MINUTE);
  expect(store.crashes.size).toBe(0);
});

test.each([
  [1, 3],
  [3, 3],
  [16, 4],
  [100, 6],
  [200, 6],
])(
  'of %i streams the one is found that crashes the server, after %i crashes at most, and the others go on',
  async (count, most) => {
    // Of very many one place is enough: what there is to try grows with their square.
    for (const at of count > 100 ? [Math.floor(count / 3)] : [0, Math.floor(count / 3), count - 1]) {
      for (const crashAfter of [200, 59_000]) {
        const { store, ids } = await running(count);
        const { crashes, started } = await untilItRuns(store, [ids[at]!], crashAfter);
        expect(crashes).toBeLessThanOrEqual(most);
        expect(started.size).toBe(count - 1);
        expect(Math.max(0, ...started.values())).toBe(0);
        expect(ids.filter((id) => !store.streams.get(id)!.shouldRun)).toEqual([ids[at]]);
      }
    }
  },
);

test('two streams that both crash the server are found, and nobody else is blamed', async () => {
  const { store, ids } = await running(100);
  const culprits = [ids[10]!, ids[70]!];
  const { crashes } = await untilItRuns(store, culprits, 5_000);
  expect(crashes).toBeLessThanOrEqual(12);
  expect(ids.filter((id) => !store.streams.get(id)!.shouldRun)).toEqual(culprits);
});

test('a stream that was registered between the crashes, and crashes the server itself, does not blame a suspect', async () => {
  const { store, ids } = await running(8);
  await boot(store, [], 0, 1000);
  await boot(store, [], 0, 1000);
  const { id } = await store.repository.create({ ...SETTINGS, name: 'new' });
  await store.repository.setShouldRun(id, true);
  await untilItRuns(store, [id], 10_000);
  expect([...ids, id].filter((one) => !store.streams.get(one)!.shouldRun)).toEqual([id]);
});
