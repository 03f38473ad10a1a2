import { afterEach, expect, it, vi } from 'vitest';
import { OWN_CLOCK } from '../../src/domain/record-clock.ts';
import { startUpkeep } from '../../src/store/upkeep/hourly-upkeep.ts';

afterEach(() => void vi.useRealTimers());

/** No other server does it. */
const alone = async (_: string, work: () => Promise<void>) => {
  await work();
  return true;
};

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
    ...{ vacuum: async () => {}, partitions: { ensure: async () => {} } },
    ...{ clock: OWN_CLOCK, doOnce: alone },
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

it('what fails of tomorrow’s room, of the audit or of orphans keeps nobody’s recordings beyond their time', async () => {
  vi.useFakeTimers();
  const done: string[] = [];
  const fail = async () => {
    throw new Error('refused');
  };
  const stop = startUpkeep({
    retention: {
      dropOrphans: async () => 0,
      expire: async () => {
        done.push('expired');
        return { partitions: 0, sessions: 0, moments: 0 };
      },
    } as never,
    retentionHours: 24,
    audit: { dropOlderThan: fail },
    auditDays: 1,
    vacuum: async () => void done.push('vacuumed'),
    partitions: { ensure: fail },
    ...{ clock: OWN_CLOCK, doOnce: alone },
    log: { info() {}, warn: ({ err }: { err?: Error }) => void done.push(String(err?.message)) } as never,
  });
  await vi.advanceTimersByTimeAsync(3_600_000);
  await stop();
  expect(done).toEqual(['refused', 'refused', 'expired', 'refused', 'refused', 'expired', 'vacuumed']);
});
