/** Frames that are not scored are counted, by reason. */
import { expect, it, vi } from 'vitest';
import { analyser, frames, LIVE_INFO } from './fakes.ts';
import { CAMERA, INPUT, LIMITS, range, TestManager, until } from './test-manager.ts';

const lost = Object.assign(new Error('gone'), { name: 'WorkerLost' });

it('dropped frames are counted on the next moment, by reason, and leave no gap', async () => {
  let calls = 0;
  const dying = analyser(() => {
    if ([2, 3].includes(calls++)) throw lost;
    return [];
  });
  const test = new TestManager({ decode: frames(6, 0, { dropped: { busy: 2 } }), openAnalyser: () => dying });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  const dropped = test.store.moments.get(session.id)?.map((moment) => moment.dropped);
  expect(dropped).toEqual([{ busy: 2 }, { busy: 2 }, { busy: 6, worker: 2 }, { busy: 2 }]);
  expect(test.meter.dropped).toEqual({ busy: 12, worker: 2 });
});

it('frames dropped after the last moment are stored with the end of the session', async () => {
  let calls = 0;
  const dying = analyser(() => {
    if (calls++ > 2) throw lost;
    return [];
  });
  const test = new TestManager({ decode: frames(5), openAnalyser: () => dying });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect(test.store.finished).toEqual([[session.id, [], { worker: 2 }, 0.4]]);
});

it('frames of a live source dropped while the store is away are counted, and nothing piles up', async () => {
  const test = new TestManager({
    decode: frames(Number.POSITIVE_INFINITY, 1),
    limits: { ...LIMITS, maxUncommitted: 4 },
  });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 2);
  test.store.away = true;
  await until(() => (test.meter.dropped.store ?? 0) > 5);
  test.store.away = false;
  const reached = test.seqs.length;
  await until(() => test.seqs.length > reached + 10);
  const session = await test.manager.stop(id);
  const moments = test.store.moments.get(session.id) ?? [];
  expect(moments.map(({ seq }) => seq)).toEqual(range(moments.length));
  expect(test.seqs).toEqual(range(moments.length));
  const dropped = moments.reduce((sum, moment) => sum + (moment.dropped.store ?? 0), 0);
  expect(dropped).toBe(test.meter.dropped.store);
});

it('frames that a lowered rate left out, or that came late, are not scored either, and are measured apart from those that were lost', async () => {
  const decode = frames(3, 0, { dropped: { busy: 9 }, leftOut: 4, late: 3 });
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 2);
  const session = await test.manager.stop(id);
  const dropped = test.store.moments.get(session.id)?.slice(0, 3);
  expect(dropped?.map((moment) => moment.dropped)).toEqual([{ busy: 9 }, { busy: 9 }, { busy: 9 }]);
  const { busy = 0, shed, late } = test.meter.dropped;
  expect([shed, late]).toEqual([2 * busy, 1.5 * busy]);
});

it('while frames are lost for want of time, the source of a running stream is asked for fewer, and its subscribers told', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    const rates: number[] = [];
    const decode = frames(Number.POSITIVE_INFINITY, 1, { dropped: { busy: 1 } });
    const test = new TestManager({
      openSource: async (source, options) => ({
        info: LIVE_INFO,
        frames: decode(source, LIVE_INFO, options),
        setFrameRate: (rate) => rates.push(rate),
      }),
    });
    const { id } = await test.manager.register(CAMERA);
    await until(() => test.seqs.length > 10);
    vi.advanceTimersByTime(1000);
    expect(rates[0]).toBe(10);
    expect(rates[1]).toBeLessThan(6);
    await until(() => test.heard.filter((what) => what === 'RUNNING').length === 2);
    await test.manager.stop(id);
  } finally {
    vi.useRealTimers();
  }
});
