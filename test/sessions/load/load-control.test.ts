/** What runs, what it may take, and what is told of it; on a clock that the test moves. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamRecord } from '../../../src/domain/stream.ts';
import { LoadControl, type LoadDeps } from '../../../src/sessions/index.ts';
import { STREAM_RECORD } from '../../helpers/streams.ts';

let controls: { close(): void }[] = [];
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const stream of controls) stream.close();
  controls = [];
  vi.useRealTimers();
});

const STREAM: StreamRecord = { ...STREAM_RECORD, source: { type: 'device', device: '/dev/video0' } };
const FILE = { type: 'file', path: 'a.mp4' } as const;

function control(more: Partial<LoadDeps> = {}) {
  const told: string[] = [];
  const logged: string[] = [];
  const write = (_: unknown, text: string) => void logged.push(text);
  const log = { debug: write, info: write, warn: write, error: write };
  const metrics = {
    rates: new Map<string, number>(),
    overloadedStreams: 0,
    estimate: 0,
    effectiveFrameRate(stream: string, rate: number | null) {
      if (rate === null) metrics.rates.delete(stream);
      else metrics.rates.set(stream, rate);
    },
    overloaded(streams: number) {
      metrics.overloadedStreams = streams;
    },
    capacity(framesPerSecond: number) {
      metrics.estimate = framesPerSecond;
    },
  };
  const load = new LoadControl({
    ...{ modelRate: 100 / 0.6, work: () => ({ seconds: 0, threads: 2 }), overcommit: true, metrics, log },
    ...more,
  });
  const open = (change: Partial<StreamRecord> = {}, realtime = true) => {
    const stream = { ...STREAM, ...change };
    const running = load.open(stream, () => told.push(stream.id));
    controls.push(running);
    const rates: number[] = [];
    running.opened({ realtime, setFrameRate: (rate) => rates.push(rate) });
    return { running, rates };
  };
  return { load, open, told, logged, metrics };
}

/** So many seconds, in each of which these streams have so many frames scored and lost. */
function seconds(count: number, ...streams: [ReturnType<LoadControl['open']>, number, number?][]): void {
  for (let i = 0; i < count; i++) {
    for (const [running, scored, lost = 0] of streams) {
      running.scored(scored);
      running.dropped({ busy: lost });
    }
    vi.advanceTimersByTime(1000);
  }
}

it('a stream has a rate from when its source is open until it ends, and its source follows that', () => {
  const { load, metrics } = control();
  expect(load.effectiveFrameRate('a')).toBeNull();
  const running = load.open(STREAM, () => {});
  expect(load.effectiveFrameRate('a')).toBeNull();
  const rates: number[] = [];
  running.opened({ realtime: true, setFrameRate: (rate) => rates.push(rate) });
  expect(load.effectiveFrameRate('a')).toBe(10);
  seconds(1, [running, 5, 5]);
  expect(load.effectiveFrameRate('a')).toBeLessThan(5);
  expect(rates).toEqual([10, load.effectiveFrameRate('a')]);
  expect(metrics.rates).toEqual(new Map([['a', load.effectiveFrameRate('a')]]));
  running.close();
  expect(load.effectiveFrameRate('a')).toBeNull();
  expect(metrics.rates.size).toBe(0);
});

it('a source that is opened anew has the rate that the stream had', () => {
  const { load, open } = control();
  const { running } = open();
  seconds(1, [running, 5, 5]);
  const rates: number[] = [];
  running.opened({ realtime: true, setFrameRate: (rate) => rates.push(rate) });
  expect(rates).toEqual([load.effectiveFrameRate('a')]);
});

it('nothing ticks while nothing runs', () => {
  const { open } = control();
  expect(vi.getTimerCount()).toBe(0);
  const { running } = open();
  expect(vi.getTimerCount()).toBe(1);
  running.close();
  expect(vi.getTimerCount()).toBe(0);
});

it('a stream becomes overloaded, and is so until it has had its whole rate for a while; each change is told once', () => {
  const { load, open, told, logged, metrics } = control();
  const { running } = open();
  seconds(3, [running, 10]);
  expect([load.isOverloaded('a'), told]).toEqual([false, []]);
  seconds(1, [running, 5, 5]);
  expect([load.isOverloaded('a'), told, metrics.overloadedStreams]).toEqual([true, ['a'], 1]);
  while (load.effectiveFrameRate('a')! < 10) seconds(1, [running, 10]);
  seconds(1, [running, 10]);
  expect(load.isOverloaded('a')).toBe(true);
  seconds(1, [running, 10]);
  expect([load.isOverloaded('a'), metrics.overloadedStreams]).toEqual([false, 0]);
  expect(told.length).toBeLessThanOrEqual(3);
  expect(logged).toEqual([
    'this machine is busy: streams are scored less often than they ask for',
    'all streams are scored as often as they ask for',
  ]);
});

it('while many streams change at once, a second tells of few of them, and the next ones of the others', () => {
  const { open, told } = control();
  const streams = Array.from({ length: 40 }, (_, i) => open({ id: `${i}` }).running);
  seconds(1, ...streams.map((running): [typeof running, number, number] => [running, 5, 5]));
  expect(told.length).toBeLessThan(32);
  seconds(2, ...streams.map((running): [typeof running, number] => [running, 1]));
  expect(new Set(told).size).toBe(40);
});

it('a recording has no rate, waits for its turn when streams lose frames, and asks for none', async () => {
  const { load, open } = control();
  const stopping = new AbortController().signal;
  const recording = open({ id: 'file', source: FILE, realtime: false }, false).running;
  const { running } = open();
  expect(recording.turn(stopping)).toBeNull();
  seconds(2, [recording, 60], [running, 10]);
  expect(recording.turn(stopping)).toBeNull();
  seconds(1, [recording, 60], [running, 6, 4]);
  expect(load.effectiveFrameRate('file')).toBeNull();
  expect(load.effectiveFrameRate('a')).toBe(10);
  expect(load.capacity().asked).toBe(10);
  let turns = 0;
  const take = async () => {
    for (;;) {
      await recording.turn(stopping);
      turns += 1;
      if (turns > 1000) throw new Error('it is not held back');
    }
  };
  take().catch(() => {});
  await vi.advanceTimersByTimeAsync(900);
  expect(turns).toBeGreaterThan(5);
  expect(turns).toBeLessThan(50);
});

it('a recording that waits for its turn ends when it is stopped', async () => {
  const { open } = control();
  const stop = new AbortController();
  const recording = open({ id: 'file', source: FILE, realtime: false }, false).running;
  const { running } = open();
  seconds(1, [recording, 3], [running, 10]);
  seconds(1, [recording, 3], [running, 5, 5]);
  await recording.turn(stop.signal);
  const waiting = recording.turn(stop.signal);
  stop.abort();
  await waiting;
});

it('without a stream all of the capacity is left', () => {
  const { load } = control();
  expect(load.capacity()).toEqual({ framesPerSecond: 100, used: 0, asked: 0, left: 100 });
});

it('streams at their rates ask for those, and the rest is left', () => {
  const { load, open } = control();
  const one = open().running;
  const other = open({ id: 'b', frameRate: 20 }).running;
  expect(load.capacity()).toMatchObject({ asked: 30, left: 70 });
  seconds(20, [one, 10], [other, 20]);
  const { asked, left, used, framesPerSecond } = load.capacity();
  expect([framesPerSecond, asked, left]).toEqual([100, 30, 70]);
  expect(used).toBeCloseTo(30, 0);
  one.close();
  expect(load.capacity()).toMatchObject({ asked: 20, left: 80 });
});

it('streams that get less ask for all of it, and nothing is left', () => {
  let worked = 0;
  const { load, open } = control({ work: () => ({ seconds: worked, threads: 2 }) });
  const streams = Array.from({ length: 12 }, (_, i) => open({ id: `${i}` }).running);
  for (let i = 0; i < 40; i++) {
    worked += 1.9;
    // It scores 60 frames a second, five of each stream, whatever each is allowed.
    for (const [at, running] of streams.entries()) {
      const allowed = Math.round(load.effectiveFrameRate(`${at}`)!);
      running.dropped({ shed: 10 - allowed });
      running.scored(Math.min(5, allowed));
      running.dropped({ busy: Math.max(0, allowed - 5) });
    }
    vi.advanceTimersByTime(1000);
  }
  const { framesPerSecond, asked, left, used } = load.capacity();
  expect(asked).toBe(120);
  expect(left).toBe(0);
  expect(framesPerSecond).toBeGreaterThan(54);
  expect(framesPerSecond).toBeLessThan(66);
  expect(used).toBeLessThanOrEqual(60);
});

it('frames that come late lower no rate, but it is told that fewer are scored', () => {
  const { load, open, told } = control();
  const { running, rates } = open();
  for (let i = 0; i < 20; i++) {
    running.scored(4);
    running.dropped({ late: 6 });
    vi.advanceTimersByTime(1000);
  }
  expect(new Set(rates)).toEqual(new Set([10]));
  expect(load.effectiveFrameRate('a')).toBeCloseTo(4, 0);
  expect([load.isOverloaded('a'), load.capacity().asked]).toEqual([true, 10]);
  expect(told).toContain('a');
  seconds(20, [running, 10]);
  expect([load.effectiveFrameRate('a'), load.isOverloaded('a')]).toEqual([10, false]);
});

it('a source that gives less than was asked for is told to be scored as often as it gives, and is not overloaded', () => {
  const { load, open, told, logged } = control();
  const { running, rates } = open();
  seconds(4, [running, 4]);
  expect(load.effectiveFrameRate('a')).toBe(10);
  seconds(1, [running, 4]);
  expect([load.effectiveFrameRate('a'), load.isOverloaded('a'), told]).toEqual([4, false, ['a']]);
  expect([new Set(rates), logged]).toEqual([new Set([10]), []]);
  seconds(10, [running, 10]);
  expect(load.effectiveFrameRate('a')).toBe(10);
});

it('a source that gives nothing is told to be scored not at all, until it is opened anew or gives frames', () => {
  const { load, open, told } = control();
  const { running } = open();
  seconds(5, [running, 0]);
  expect([load.effectiveFrameRate('a'), load.isOverloaded('a'), told]).toEqual([0, false, ['a']]);
  running.opened({ realtime: true, setFrameRate: () => {} });
  expect(load.effectiveFrameRate('a')).toBe(10);
  seconds(10, [running, 10]);
  expect([load.effectiveFrameRate('a'), told]).toEqual([10, ['a', 'a']]);
});

it('one frame in ten seconds is as much as was asked for, and none in thirty is less', () => {
  const { load, open } = control();
  const { running } = open({ frameRate: 0.1 });
  for (let i = 0; i < 6; i++) {
    seconds(1, [running, 1]);
    seconds(9, [running, 0]);
    expect(load.effectiveFrameRate('a')).toBe(0.1);
  }
  seconds(30, [running, 0]);
  expect(load.effectiveFrameRate('a')).toBe(0);
});

it('a stream at the least rate, whose frames come every five seconds, is told to be scored so', () => {
  const { load, open } = control();
  const { running } = open();
  seconds(12, [running, 0, 10]);
  expect(load.effectiveFrameRate('a')).toBe(0.2);
  for (let i = 0; i < 6; i++) {
    running.dropped({ shed: 40 });
    seconds(1, [running, 1, 9]);
    expect(load.effectiveFrameRate('a')).toBeGreaterThan(0);
    seconds(4, [running, 0]);
    expect(load.effectiveFrameRate('a')).toBeGreaterThan(0);
  }
});

it('a source that gives less than was asked for asks for that', () => {
  const { load, open } = control();
  const { running } = open();
  seconds(10, [running, 4]);
  expect(load.capacity()).toMatchObject({ asked: 4, left: 96 });
});

it('a source that is silent for a while asks for what it gave before', () => {
  const { load, open } = control();
  const { running } = open();
  seconds(10, [running, 10]);
  seconds(10, [running, 0]);
  expect(load.capacity().asked).toBe(10);
});

it('a stream that asks for more than is left is warned of, with the others that run', () => {
  const { load, open } = control();
  open({ frameRate: 60 });
  expect(load.warnings('a')).toEqual([]);
  open({ id: 'b', frameRate: 50 });
  open({ id: 'file', source: FILE, realtime: false }, false);
  const [warning] = load.warnings('b');
  expect(warning).toContain('110 frames a second, and this machine scores about 100');
  expect(load.warnings('a')).toEqual([warning]);
  expect([load.warnings('file'), load.warnings('none')]).toEqual([[], []]);
});

it('without a known capacity nothing is warned of, and none refused', async () => {
  const { load, open } = control({ modelRate: null, overcommit: false });
  open({ frameRate: 60 });
  expect(load.capacity()).toEqual({ framesPerSecond: null, used: 0, asked: 60, left: null });
  expect(load.warnings('a')).toEqual([]);
  await expect(load.claimed({ ...STREAM, frameRate: 60 }, null, async () => 'started')).resolves.toBe(
    'started',
  );
});

it('where streams may not ask for more than can be scored, the first that does is refused, with what to do', async () => {
  const { load, open } = control({ overcommit: false });
  open({ frameRate: 60 });
  const start = (frameRate: number) => load.claimed({ ...STREAM, frameRate }, true, async () => 'started');
  await expect(start(40)).resolves.toBe('started');
  await expect(start(41)).rejects.toMatchObject({
    code: 'OVER_CAPACITY',
    message: expect.stringContaining('MIEN_OVERCOMMIT'),
  });
});

it('what is being started counts already, until it has started or failed', async () => {
  const { load } = control({ overcommit: false });
  let fail = (_: Error) => {};
  const starting = load.claimed({ ...STREAM, frameRate: 60 }, true, () => {
    return new Promise<never>((_, reject) => (fail = reject));
  });
  expect(load.capacity().asked).toBe(60);
  await expect(load.claimed({ ...STREAM, frameRate: 60 }, true, async () => {})).rejects.toMatchObject({
    code: 'OVER_CAPACITY',
  });
  fail(new Error('no picture'));
  await expect(starting).rejects.toThrow('no picture');
  expect(load.capacity().asked).toBe(0);
});

it('a recording that is not read in real time is never refused', async () => {
  const { load, open } = control({ overcommit: false });
  open({ frameRate: 60 });
  open({ id: 'b', frameRate: 40 });
  const file = { ...STREAM, source: FILE, frameRate: 60 };
  await expect(load.claimed(file, false, async () => 'started')).resolves.toBe('started');
  await expect(load.claimed({ ...file, realtime: true }, false, async () => 'started')).rejects.toMatchObject(
    { code: 'OVER_CAPACITY' },
  );
});

it('of some streams only is told what these get and ask for, and nothing of what the machine can score', () => {
  const { load, open } = control();
  const a = open({ id: 'a', frameRate: 10 });
  const b = open({ id: 'b', frameRate: 20 });
  seconds(60, [a.running, 10], [b.running, 20]);
  expect(load.capacity()).toMatchObject({ used: 30, asked: 30 });
  const nothing = { framesPerSecond: null, left: null };
  expect(load.capacity(new Set(['a']))).toEqual({ ...nothing, used: 10, asked: 10 });
  expect(load.capacity(new Set(['a', 'b', 'none']))).toEqual({ ...nothing, used: 30, asked: 30 });
  expect(load.capacity(new Set())).toEqual({ ...nothing, used: 0, asked: 0 });
});

it('a warning without totals names no figure that tells of other streams', () => {
  const { load, open } = control();
  open({ id: 'a', frameRate: 60 });
  open({ id: 'b', frameRate: 60 });
  expect(load.warnings('a')[0]).toContain('would ask for 120 frames a second');
  expect(load.warnings('a', { totals: false })).toEqual([
    'More frames a second are asked for in real time than this machine scores. Each stream gets fewer frames than it asks for: lower their `frameRate`, stop one of them, or run mien on a faster machine.',
  ]);
  expect(load.warnings('none', { totals: false })).toEqual([]);
});

it('a stream that is refused is told what all would ask for, in tenths where that is little, and what to do', async () => {
  const { load, open } = control({ overcommit: false, modelRate: 8.26 / 0.6 });
  open({ frameRate: 5 });
  const start = (frameRate: number) => load.claimed({ ...STREAM, frameRate }, true, async () => 'started');
  await expect(start(4.52)).rejects.toThrow(
    'The streams that run in real time would ask for 9.5 frames a second, and this machine scores about 8.3. This one was not started, because MIEN_OVERCOMMIT is false: lower their `frameRate`, stop one of them, or run mien on a faster machine.',
  );
  await expect(start(5.4)).rejects.toThrow('would ask for 10 frames a second');
  await expect(start(3.3)).resolves.toBe('started');
});

it('each second tells what the machine can score, and how many streams get less than they ask for, until none runs', () => {
  let worked = 0;
  const { load, open, metrics, logged } = control({ work: () => ({ seconds: worked, threads: 2 }) });
  const [one, other] = [open().running, open({ id: 'b' }).running];
  // Of two threads for a second, half of the time: twice as many frames, less what is around them, would be scored in all of it.
  for (let second = 0; second < 400; second++) {
    worked += 1;
    seconds(1, [one, 10], [other, 10]);
  }
  expect(metrics.estimate).toBeCloseTo(24, 1);
  expect(load.capacity()).toMatchObject({ framesPerSecond: 24, used: 20, asked: 20, left: 4 });
  seconds(3, [one, 5, 5], [other, 5, 5]);
  expect(metrics.overloadedStreams).toBe(2);
  one.close();
  one.close();
  other.close();
  expect([metrics.overloadedStreams, metrics.rates.size, load.capacity().used]).toEqual([0, 0, 0]);
  expect(logged.at(-1)).toBe('all streams are scored as often as they ask for');
});

it('the session that a stream has begun since is not closed with the one before', () => {
  const { load, open } = control();
  const before = open().running;
  open();
  before.close();
  expect([load.effectiveFrameRate('a'), vi.getTimerCount()]).toEqual([10, 1]);
});

it('another priority counts from then on, also before the source is open; of a stream that does not run it changes nothing', () => {
  const { load, open } = control();
  const [a, b] = [open().running, open({ id: 'b' }).running];
  load.setPriority('b', 'LOW');
  load.setPriority('none', 'HIGH');
  seconds(1, [a, 6, 4], [b, 10]);
  expect(load.effectiveFrameRate('a')).toBe(10);
  expect(load.effectiveFrameRate('b')).toBeLessThan(7);
  const c = load.open({ ...STREAM, id: 'c' }, () => {});
  controls.push(c);
  load.setPriority('c', 'HIGH');
  load.setPriority('b', 'HIGH');
  c.opened({ realtime: true, setFrameRate() {} });
  seconds(1, [c, 6, 4], [a, 10]);
  expect(load.effectiveFrameRate('c')).toBe(10);
  expect(load.effectiveFrameRate('a')).toBeLessThan(7);
  expect(load.isOverloaded('none')).toBe(false);
});
