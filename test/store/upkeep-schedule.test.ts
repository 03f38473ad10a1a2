import { afterEach, expect, it, vi } from 'vitest';
import { startUpkeep } from '../../src/store/upkeep/schedule.ts';

afterEach(() => void vi.useRealTimers());

it('stopping the upkeep waits for the step under way, but not for one that does not end', async () => {
  vi.useFakeTimers();
  let end = (_: number) => {};
  const never = new Promise<number>((resolve) => {
    end = resolve;
  });
  const retention = {
    dropOrphans: () => never,
    expire: async () => ({ partitions: 0, sessions: 0, moments: 0 }),
  };
  const upkeep = {
    retention: retention as never,
    retentionHours: null,
    audit: { dropOlderThan: async () => 0 },
    auditDays: undefined,
    vacuum: async () => {},
    log: undefined,
  };
  const steps: string[] = [];
  const note = (step: string) => () => void steps.push(step);
  void startUpkeep(upkeep)().then(note('given up'));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(steps).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(steps).toEqual(['given up']);
  void startUpkeep(upkeep)().then(note('stopped'));
  end(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(steps).toEqual(['given up', 'stopped']);
});
