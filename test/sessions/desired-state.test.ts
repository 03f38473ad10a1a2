/** What should run is started once, tried again where that may help, and left to others where it is theirs. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import type { CrashLoopGuard, Verdict } from '../../src/sessions/crash-loop-guard.ts';
import { type RestoreDeps, restoreStreams } from '../../src/sessions/desired-state.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const UNENDING = { ended: new Promise(() => {}) };
const AWAY = new Error('Connection terminated unexpectedly');

/** Streams of these names that should run, and a server that starts them; `judge`: which of them at once, and which in turn. */
async function world(names: string[], judge?: (streams: StreamRecord[]) => Verdict) {
  const store = new MemoryStore();
  const said: string[] = [];
  const say = (_: object, text: string) => void said.push(text);
  const began = Date.now();
  /** When each start was tried, in seconds since the first look, by name. */
  const tries: [string, number][] = [];
  const outcomes = new Map<string, (Error | { ended: Promise<unknown> })[]>();
  for (const name of names) await store.repository.create({ ...SETTINGS, name, shouldRun: true });
  const stopping = new AbortController();
  const guard: Pick<CrashLoopGuard, 'judge'> = {
    judge: async (restored) => {
      const streams = restored.map(({ stream }) => stream);
      return judge?.(streams) ?? { together: streams, inTurn: [] };
    },
  };
  const deps: RestoreDeps = {
    ...{ streams: store.repository, sessions: store.sessions, sink: store },
    publisher: { status() {}, episode() {}, moment() {}, removed() {} },
    guard: guard as CrashLoopGuard,
    limits: { reopenMs: 1000, stableMs: 60_000 },
    ...{ stopping: stopping.signal, waiting: new Set(), deferred: new Map(), running: new Map() },
    log: { debug() {}, info() {}, warn: say, error: say },
    async start(id) {
      const { name } = store.streams.get(id)!;
      tries.push([name, (Date.now() - began) / 1000]);
      const outcome = outcomes.get(name)?.shift();
      if (outcome instanceof Error) throw outcome;
      store.addSession(id, { state: 'RUNNING' });
      return outcome ?? UNENDING;
    },
  };
  return { look: () => restoreStreams(deps, []), tries, outcomes, deps, said, stopping };
}

it('a stream that cannot be started now is tried again after pauses that double to half a minute, and by no other look', async () => {
  const { look, tries, outcomes, deps, said } = await world(['a', 'b']);
  outcomes.set('a', Array(8).fill(AWAY));
  await look();
  await look();
  expect([tries.length, deps.waiting.size]).toEqual([2, 1]);
  await vi.advanceTimersByTimeAsync(200_000);
  const ofFirst = tries.filter(([name]) => name === 'a').map(([, at]) => at);
  expect(ofFirst).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
  expect(said).toEqual(Array(8).fill('could not start a stream again'));
  expect(deps.waiting.size).toBe(0);
});

it.each([
  ['what another server was faster with is nobody’s fault', 'CONFLICT', []],
  ['what is refused on purpose is told once', 'OVER_CAPACITY', ['could not start a stream again']],
] as const)('%s, and not tried again by this look', async (_, refusal, told) => {
  const { look, tries, outcomes, deps, said } = await world(['a']);
  outcomes.set('a', [new MienError(refusal, 'No.')]);
  await look();
  await vi.advanceTimersByTimeAsync(100_000);
  expect([tries.length, deps.waiting.size, said]).toEqual([1, 0, told]);
});

it('what is refused on purpose when it is tried again is not tried a third time, and whoever looks next may', async () => {
  const { look, tries, outcomes, deps } = await world(['a']);
  outcomes.set('a', [new MienError('STORE_UNAVAILABLE', 'Away.'), new MienError('OVER_CAPACITY', 'No.')]);
  await look();
  await vi.advanceTimersByTimeAsync(100_000);
  expect([tries.length, deps.waiting.size]).toEqual([2, 0]);
  await look();
  expect(tries.length).toBe(3);
});

it('the end of the server ends the tries', async () => {
  const { look, tries, outcomes, stopping } = await world(['a']);
  outcomes.set('a', [AWAY]);
  await look();
  stopping.abort();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(tries.length).toBe(1);
});

it('sources that this server leaves to others are not started', async () => {
  const { look, tries, deps } = await world(['a']);
  deps.leaves = ({ type }) => type === 'file';
  await look();
  expect(tries).toEqual([]);
});

it.each([
  ['ends', () => new Promise((resolve) => setTimeout(resolve, 5_000)), 5],
  ['has run for a while', () => UNENDING.ended, 60],
])('who starts in turn waits until the one before, which was tried again, %s', async (_, ended, seconds) => {
  const { look, tries, outcomes } = await world(['a', 'b'], (streams) => ({
    together: [],
    inTurn: streams.map((one) => [one]),
  }));
  outcomes.set('a', [AWAY, { ended: ended() }]);
  const { allStarted } = await look();
  await vi.advanceTimersByTimeAsync(100_000);
  await allStarted;
  expect(tries).toEqual([
    ['a', 0],
    ['a', 1],
    ['b', seconds],
  ]);
});
