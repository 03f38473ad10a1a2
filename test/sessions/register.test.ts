/** What may be registered, and what registering starts. */
import { expect, it, vi } from 'vitest';
import { MienError } from '../../src/errors.ts';
import type { StreamManagerDeps } from '../../src/sessions/index.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { FILE_INFO, frames, LIVE_INFO } from './fakes.ts';
import { CAMERA, code, INPUT, TestManager, until } from './test-manager.ts';

it.each([
  ['BAD_INPUT', { name: ' ' }],
  ['BAD_INPUT', { name: 'x'.repeat(201) }],
  ['BAD_INPUT', { name: 'a\nb' }],
  ['BAD_INPUT', { frameRate: 0.05 }],
  ['BAD_INPUT', { frameRate: 61 }],
  ['BAD_INPUT', { frameRate: Number.NaN }],
  ['BAD_INPUT', { smoothing: -1 }],
  ['BAD_INPUT', { smoothing: 10_001 }],
  ['BAD_INPUT', { smoothing: 0.5 }],
  ['BAD_INPUT', { smoothing: Number.NaN }],
  ['BAD_INPUT', { purpose: 'SPYING' }],
  ['BAD_INPUT', { source: CAMERA.source, loop: true }],
  ['BAD_INPUT', { source: CAMERA.source, realtime: false }],
  ['PURPOSE_REFUSED', { purpose: 'WORKPLACE' }],
  ['PURPOSE_REFUSED', { purpose: 'EDUCATION' }],
])('registering refuses with %s: %o', async (expected, change) => {
  const test = new TestManager();
  const registering = (async () => test.manager.register({ ...INPUT, ...change }))();
  await expect(registering).rejects.toEqual(code(expected));
  expect(test.store.streams.size).toBe(0);
});

it('a prohibited purpose that is named in the settings may be registered', async () => {
  const test = new TestManager({ allowPurposes: ['WORKPLACE'] });
  await test.manager.register({ ...INPUT, purpose: 'WORKPLACE' });
  await expect((async () => test.manager.register({ ...INPUT, purpose: 'EDUCATION' }))()).rejects.toEqual(
    code('PURPOSE_REFUSED'),
  );
});

it.each([
  [undefined, 250],
  [0, 0],
  [10_000, 10_000],
])(
  'the smoothing of a stream is stored, and its sessions are smoothed so: %s',
  async (smoothing, expected) => {
    const open = createTimeline({ thresholds: { confidence: 0, quality: 0 } });
    const opened: number[] = [];
    const test = new TestManager({
      openTimeline(sessionId, settings) {
        opened.push(settings.smoothing);
        return open(sessionId, settings);
      },
    });
    const { id } = await test.manager.register({ ...INPUT, smoothing });
    expect(test.store.streams.get(id)).toMatchObject({ smoothing: expected });
    expect(opened).toEqual([expected]);
  },
);

it.each([
  [undefined, 'STANDARD'],
  ['LARGE', 'LARGE'],
  ['FULL', 'FULL'],
] as const)(
  'a stream is opened as large as it was registered, a camera too: %s',
  async (detectSize, expected) => {
    const opened: string[] = [];
    const test = new TestManager({
      decode(source, info, options) {
        opened.push(options.detectSize);
        return frames(1)(source, info, options);
      },
    });
    const { id } = await test.manager.register({ ...INPUT, detectSize });
    expect(test.store.streams.get(id)).toMatchObject({ detectSize: expected });
    const camera = await test.manager.register({ ...CAMERA, detectSize });
    await until(() => opened.length >= 2);
    await test.manager.stop(camera.id);
    expect(new Set(opened)).toEqual(new Set([expected]));
  },
);

it('nothing is stored of a source that probing refuses', async () => {
  const test = new TestManager({
    probe: async () => {
      throw new MienError('SOURCE_NOT_VIDEO', 'Not a video.');
    },
  });
  await expect(test.manager.register(INPUT)).rejects.toEqual(code('SOURCE_NOT_VIDEO'));
  expect(test.store.streams.size).toBe(0);
});

it('the same again, twenty times at once, is one stream, which is started once', async () => {
  const test = new TestManager();
  const input = { ...INPUT, tags: { site: 'lab', room: '2' } };
  const all = await Promise.all(Array.from({ length: 20 }, () => test.manager.register(input)));
  expect(all.filter(({ alreadyRegistered }) => !alreadyRegistered)).toHaveLength(1);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(await test.store.sessions.live()).toHaveLength(1);
  const other = { ...input, name: ' clip ', tags: { room: '2', site: 'lab' } };
  expect(await test.manager.register(other)).toMatchObject({ id: all[0]!.id, alreadyRegistered: true });
});

it.each([
  { purpose: 'MEDIA_ANALYTICS' },
  { frameRate: 11 },
  { priority: 'HIGH' as const },
  { timing: 'EVEN' as const },
  { loop: true },
  { realtime: true },
  { smoothing: 0 },
  { detectSize: 'LARGE' as const },
  { retention: 1 },
  { tags: { site: 'lab' } },
])('the same name and source with %o is refused, and nothing changes', async (settings) => {
  const test = new TestManager();
  const stream = await test.manager.register(INPUT);
  await expect(test.manager.register({ ...INPUT, ...settings })).rejects.toEqual(code('CONFLICT'));
  expect(test.store.streams.size).toBe(1);
  expect(await test.manager.register({ ...INPUT, autoStart: false })).toEqual({
    ...stream,
    alreadyRegistered: true,
  });
});

it('another name or source is another stream', async () => {
  const test = new TestManager();
  await test.manager.register(INPUT);
  await test.manager.register({ ...INPUT, name: 'other' });
  await test.manager.register({ ...INPUT, source: { type: 'file', path: 'other.mp4' } });
  expect(test.store.streams.size).toBe(3);
});

it('registering a recording probes it once, and does not start what should wait', async () => {
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return FILE_INFO;
  };
  const test = new TestManager({ probe });
  const first = await test.manager.register(INPUT);
  await test.ended(first.id);
  expect(probes).toBe(2); // once more when it was opened
  const second = await test.manager.register({ ...INPUT, name: 'later', autoStart: false });
  expect([second.shouldRun, test.manager.running()]).toEqual([false, []]);
});

/** Opens cameras, and tells how many of those that were opened are open still. */
function openings() {
  const open = new Set<AbortSignal>();
  let count = 0;
  const openSource: StreamManagerDeps['openSource'] = async (source, options) => {
    count += 1;
    open.add(options.signal);
    options.signal.addEventListener('abort', () => open.delete(options.signal));
    const endless = frames(Number.POSITIVE_INFINITY, 1)(source, LIVE_INFO, options);
    return { info: LIVE_INFO, frames: endless, setFrameRate() {} };
  };
  const probe: StreamManagerDeps['probe'] = () => Promise.reject(new Error('was probed too'));
  return { deps: { openSource, probe }, open, count: () => count };
}

it('registering a camera connects to it once: the session goes on with what was opened, and stops it', async () => {
  const { deps, open, count } = openings();
  const test = new TestManager(deps);
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 3);
  expect([count(), open.size]).toEqual([1, 1]);
  expect((await test.manager.stop(id)).state).toBe('ENDED');
  expect([count(), open.size]).toEqual([1, 0]);
});

it.each(['refused', 'not stored', 'stored, and not started'])(
  'a camera that was opened and is %s is not left open',
  async (why) => {
    const { deps, open, count } = openings();
    const test = new TestManager(deps);
    const away = async () => {
      throw new MienError('STORE_UNAVAILABLE', 'The database is away.');
    };
    if (why === 'not stored') test.store.repository.create = away;
    if (why === 'stored, and not started') test.store.sessions.create = away;
    const registering = test.manager.register(why === 'refused' ? { ...CAMERA, realtime: false } : CAMERA);
    await expect(registering).rejects.toEqual(code(why === 'refused' ? 'BAD_INPUT' : 'STORE_UNAVAILABLE'));
    expect([count(), open.size]).toEqual([1, 0]);
  },
);

it('a stream that somebody starts while it is being registered has one session, and its camera one connection', async () => {
  const { deps, open } = openings();
  const test = new TestManager(deps);
  const { create } = test.store.repository;
  test.store.repository.create = async (input) => {
    const record = await create(input);
    await test.manager.start(record.id);
    return record;
  };
  await test.manager.register(CAMERA);
  expect([test.store.records.size, test.manager.running().length, open.size]).toEqual([1, 1, 1]);
});

it.each([
  [{ smoothing: -1 }, '`smoothing` must be a whole number of milliseconds from 0 (none) to 10000.'],
  [{ smoothing: 0.5 }, '`smoothing` must be a whole number of milliseconds from 0 (none) to 10000.'],
  [{ smoothing: 10_001 }, '`smoothing` must be a whole number of milliseconds from 0 (none) to 10000.'],
  [{ priority: 'URGENT' }, 'There is no priority URGENT; take LOW, NORMAL or HIGH.'],
  [{ timing: 'ODD' }, 'There is no timing ODD; take EVEN or NEAREST.'],
  [{ frameRate: 0.09 }, '`frameRate` must be from 0.1 to 60 frames per second.'],
  [{ frameRate: 60.1 }, '`frameRate` must be from 0.1 to 60 frames per second.'],
  [{ frameRate: Number.NaN }, '`frameRate` must be from 0.1 to 60 frames per second.'],
])('a stream that asks for what there is not is refused with a sentence: %j', async (wrong, sentence) => {
  const test = new TestManager();
  const registering = test.manager.register({ ...INPUT, ...wrong } as never);
  await expect(registering).rejects.toMatchObject({ code: 'BAD_INPUT', message: sentence });
  expect(test.store.streams.size).toBe(0);
});

it('a registration that is cut off before its first session has begun is started all the same, once', async () => {
  const test = new TestManager();
  await test.manager.desired.restore();
  const create = vi
    .spyOn(test.store.sessions, 'create')
    .mockRejectedValueOnce(new MienError('STORE_UNAVAILABLE', 'The answer was lost.'));
  await expect(test.manager.register(CAMERA)).rejects.toEqual(code('STORE_UNAVAILABLE'));
  expect(await test.manager.register(CAMERA)).toMatchObject({ alreadyRegistered: true, shouldRun: true });
  await until(() => test.manager.running().length > 0);
  expect(create).toHaveBeenCalledTimes(2);
});

it('one that is stored by a server that ends before its first session has begun is started at the next boot', async () => {
  const test = new TestManager();
  let cut = () => {};
  const never = new Promise<never>((_, reject) => {
    cut = () => reject(new Error('The server has ended.'));
  });
  vi.spyOn(test.store.sessions, 'create').mockReturnValueOnce(never);
  const registering = expect(test.manager.register(INPUT)).rejects.toThrow('has ended');
  await until(() => test.store.streams.size > 0);
  expect(await test.store.repository.thatShouldRun()).toMatchObject([{ name: 'clip' }]);
  await test.manager.register({ ...INPUT, name: 'later', autoStart: false });
  expect(await test.store.repository.thatShouldRun()).toHaveLength(1);
  cut();
  await registering;
});

it('one that another server has begun or stopped before its first session has begun is registered', async () => {
  const test = new TestManager();
  vi.spyOn(test.store.sessions, 'create').mockImplementationOnce(async ({ streamId }) => {
    await test.store.repository.setShouldRun(streamId, false);
    throw new MienError('CONFLICT', 'It was stopped meanwhile.');
  });
  expect(await test.manager.register(CAMERA)).toMatchObject({ alreadyRegistered: false, shouldRun: false });
  expect(test.manager.running()).toEqual([]);
});

it('what is registered already is not looked at again, and one that waits begins nothing', async () => {
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return FILE_INFO;
  };
  const test = new TestManager({ probe });
  const create = vi.spyOn(test.store.sessions, 'create');
  const waiting = { ...INPUT, autoStart: false };
  await test.manager.register(waiting);
  expect(await test.manager.register(waiting)).toMatchObject({ alreadyRegistered: true });
  expect([probes, create.mock.calls]).toEqual([1, []]);
});

it('a camera that another server registers while it is looked at here is left to that, and closed', async () => {
  const { deps, open, count } = openings();
  const test = new TestManager(deps);
  const { createUnless, create } = test.store.repository;
  test.store.repository.createUnless = async (input, isTaken) => {
    await create(input);
    return createUnless(input, isTaken);
  };
  expect(await test.manager.register(CAMERA)).toMatchObject({ alreadyRegistered: true });
  expect([count(), open.size, test.store.streams.size, test.store.records.size]).toEqual([1, 0, 1, 0]);
});

it('a recording that somebody starts while it is being registered has one session, which began as any other', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const begun = vi.spyOn(test.store.sessions, 'create');
  const { create } = test.store.repository;
  test.store.repository.create = async (input) => {
    const record = await create(input);
    if (input.name === 'early') await test.manager.start(record.id);
    return record;
  };
  await test.manager.register({ ...INPUT, name: 'early' });
  await test.manager.register(INPUT);
  const { again, ...settings } = begun.mock.calls[1]![0];
  expect([begun.mock.calls.length, begun.mock.calls[0]![0].again, again]).toEqual([2, undefined, true]);
  expect(settings).toMatchObject({
    modelId: 'model',
    settings: { frameRate: 10, smoothing: 250, loop: false },
  });
});
