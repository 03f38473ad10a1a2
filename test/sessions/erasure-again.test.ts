import { afterEach, expect, it, vi } from 'vitest';
import { Eraser } from '../../src/sessions/index.ts';

afterEach(() => void vi.useRealTimers());

function openEraser(failures: number) {
  const tries: string[] = [];
  const eraser = new Eraser({
    erasures: {
      unfinished: async () => ['first', 'second'],
      async run(id: string) {
        tries.push(id);
        if (id === 'first' && tries.filter((tried) => tried === id).length <= failures)
          throw new Error('away');
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
