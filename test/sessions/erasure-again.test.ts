import { afterEach, expect, it, vi } from 'vitest';
import { Eraser } from '../../src/sessions/index.ts';

afterEach(() => void vi.useRealTimers());

function openEraser(failures: number) {
  const tries: string[] = [];
  const left = new Set(['first', 'second']);
  const eraser = new Eraser({
    erasures: {
      unfinished: async () => [...left].map((id) => ({ id, steps: [] })),
      async run(id: string) {
        tries.push(id);
        if (id === 'first' && tries.filter((tried) => tried === id).length <= failures)
          throw new Error('away');
        left.delete(id);
        return true;
      },
    } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget() {},
    log: { info() {}, warn() {}, error() {} },
  });
  return { eraser, tries };
}

it('an erasure that fails is tried again while the server runs, behind those that came meanwhile', async () => {
  vi.useFakeTimers();
  const { eraser, tries } = openEraser(2);
  await eraser.resume();
  expect(tries).toEqual(['first', 'second']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tries).toEqual(['first', 'second', 'first']);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(tries).toEqual(['first', 'second', 'first', 'first']);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toHaveLength(4);
});

it('after its end nothing is tried again, and no timer is left', async () => {
  vi.useFakeTimers();
  const { eraser, tries } = openEraser(9);
  await eraser.resume();
  await eraser.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

it('other servers are told what was erased; what they tell is let go of here, and told no further', async () => {
  const step = { do: 'TRACK', sessionId: 'session', track: 2 } as const;
  const told: unknown[] = [];
  const asked: boolean[] = [];
  const episode = { kind: 'episode', event: { episode: { sessionId: 'session', track: 2 } } } as never;
  const eraser = new Eraser({
    erasures: { begin: async () => ({ id: 'id', steps: [step] }), run: async () => true } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget: (isGone) => void asked.push(isGone(episode)),
    tell: (steps) => void told.push(...steps),
    log: { info() {}, warn() {}, error() {} },
  });
  await eraser.erase({ request: { type: 'SESSION' } } as never);
  expect([told, asked]).toEqual([[step], [true]]);
  eraser.letGo([step]);
  expect([told, asked]).toEqual([[step], [true, true]]);
  await eraser.close();
});

it('one that another server began, and does not do any more, is done here, and told; one that it does is left to it', async () => {
  vi.useFakeTimers();
  const step = { do: 'SESSION', sessionId: 'session' } as const;
  const told: unknown[] = [];
  const tries: string[] = [];
  let left: string[] = [];
  let holder = 'another';
  const eraser = new Eraser({
    erasures: {
      begin: async () => ({ id: 'own', steps: [step] }),
      unfinished: async () => left.map((id) => ({ id, steps: [step] })),
      async run(id: string) {
        tries.push(id);
        if (holder !== 'nobody') return false;
        left = [];
        return true;
      },
    } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget() {},
    tell: (steps) => void told.push(...steps),
    log: { info() {}, warn() {}, error() {} },
  });
  await eraser.resume();
  expect(tries).toEqual([]);
  left = ['left'];
  await vi.advanceTimersByTimeAsync(60_000);
  expect([tries, told]).toEqual([['left', 'left'], []]);
  holder = 'nobody';
  await vi.advanceTimersByTimeAsync(120_000);
  expect([tries, told]).toEqual([['left', 'left', 'left'], [step]]);
  // What was asked for here is told here as well, whoever has done it.
  holder = 'another';
  void eraser.erase({ request: { type: 'SESSION' } } as never);
  await vi.advanceTimersByTimeAsync(500);
  holder = 'nobody';
  await vi.advanceTimersByTimeAsync(10_000);
  expect([tries.slice(3), told]).toEqual([
    ['own', 'own'],
    [step, step],
  ]);
  await eraser.close();
});
