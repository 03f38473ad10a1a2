/** A session of a recording: every frame, once, in order. */
import { expect, it } from 'vitest';
import type { FrameReadings } from '../../src/domain/face.ts';
import type { Frame } from '../../src/domain/frame.ts';
import { RECORDING_READ_AHEAD } from '../../src/domain/read-ahead.ts';
import { MienError } from '../../src/errors.ts';
import { tick } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { analyser, type Decode, FILE_INFO, frame, frames } from './fakes.ts';
import { INPUT, LIMITS, oneAfterTheOther, range, TestManager, thenFails, until } from './test-manager.ts';

const NO_FACES: FrameReadings = { faces: [], cut: false };

it('a file is scored from its first frame to its last, then its session ends', async () => {
  const test = new TestManager();
  const { id, shouldRun: wanted } = await test.manager.register(INPUT);
  expect(wanted).toBe(true);
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED', failure: null, modelId: 'model' });
  expect(test.seqs).toEqual(range(20));
  expect(test.heard.filter((what) => !what.startsWith('moment'))).toEqual([
    'STARTING',
    'RUNNING',
    'ONSET',
    'APEX',
    'OFFSET',
    'ENDED',
  ]);
  expect(test.store.streams.get(id)?.shouldRun).toBe(false);
  expect(test.meter).toMatchObject({ decoded: 20, scored: 20, dropped: {} });
});

it('moments are published in order and after their commit, while later frames are scored', async () => {
  let most = 0;
  let waiting = 0;
  const test = new TestManager({ openAnalyser: () => analyser(() => []) });
  const append = test.store.append.bind(test.store);
  let last: Promise<number> = Promise.resolve(0);
  test.store.append = (moment) => {
    most = Math.max(most, ++waiting);
    last = last.then(() => until(() => most > 3)).then(() => append(moment));
    return last.finally(() => waiting--);
  };
  const { id } = await test.manager.register(INPUT);
  await test.ended(id);
  expect(test.heard).toEqual(['STARTING', 'RUNNING', ...range(20).map((seq) => `moment ${seq}`), 'ENDED']);
  expect(most).toBeGreaterThan(3);
});

it('a file that breaks off fails its session, and what was scored is kept', async () => {
  const test = new TestManager({ decode: thenFails(frames(3)) });
  const { id } = await test.manager.register(INPUT);
  expect(await test.ended(id)).toMatchObject({ state: 'FAILED', failure: 'The source broke off.' });
  expect(test.seqs).toEqual([0, 1, 2]);
});

it('a session that fails shows nothing of an unexpected error', async () => {
  const test = new TestManager({ decode: thenFails(frames(1), new Error('at /secret/path')) });
  const { id } = await test.manager.register(INPUT);
  const { state, failure } = await test.ended(id);
  expect([state, failure]).toEqual(['FAILED', expect.not.stringContaining('secret')]);
});

it('a recording waits for a store that is away, and loses no frame', async () => {
  const test = new TestManager({ limits: { ...LIMITS, maxUncommitted: 4 } });
  test.store.away = true;
  const { id } = await test.manager.register(INPUT);
  await tick(30);
  expect(test.seqs).toEqual([]);
  test.store.away = false;
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED' });
  expect(test.seqs).toEqual(range(20));
  expect(test.meter.dropped).toEqual({});
});

it('no frame of a recording is dropped, however many are being scored when the store refuses for a while', async () => {
  // As of faces that are scored in one run.
  let run: Promise<FrameReadings> | null = null;
  const start = async () => {
    await tick(5);
    run = null;
    return NO_FACES;
  };
  const together = { ...analyser(), analyse: () => (run ??= start()) };
  const test = new TestManager({
    async *decode() {
      for (const index of range(100)) yield frame(index);
    },
    openAnalyser: () => together,
    limits: { ...LIMITS, storeRetryMs: 1, maxUncommitted: 4 },
  });
  const append = test.store.append.bind(test.store);
  let refused = 0;
  test.store.append = async (moment) => {
    if (moment.seq % 10 === 5 && refused++ % 3 < 2) throw new MienError('STORE_UNAVAILABLE', 'full');
    const position = await append(moment);
    await tick(1);
    return position;
  };
  const { id } = await test.manager.register(INPUT);
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED' });
  expect([test.seqs, test.meter.dropped]).toEqual([range(100), {}]);
});

it('of a moment that the store refuses for good, and of those after it, nothing is told, and they are counted', async () => {
  const test = new TestManager({ decode: frames(20, 0, { dropped: { busy: 1 } }) });
  const append = test.store.append.bind(test.store);
  test.store.append = (moment) => (moment.seq < 8 ? append(moment) : Promise.reject(new Error('no')));
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect([session.state, test.seqs]).toEqual(['FAILED', range(8)]);
  const [, events, dropped] = test.store.finished[0]!;
  expect([events, dropped?.busy, dropped?.store]).toEqual([
    [],
    test.meter.decoded - 8,
    test.meter.decoded - 8,
  ]);
});

it('a session fails when the store refuses a moment for good', async () => {
  const test = new TestManager();
  test.store.append = async () => {
    throw new Error('no such table');
  };
  const { id } = await test.manager.register(INPUT);
  expect(await test.ended(id)).toMatchObject({ state: 'FAILED' });
  expect(test.seqs).toEqual([]);
});

it('a stream that fails does not touch another', async () => {
  const decode: Decode = (source, ...rest) =>
    source.type === 'file' && source.path === 'bad.mp4'
      ? thenFails(frames(0))(source, ...rest)
      : frames(5, 2)(source, ...rest);
  const test = new TestManager({ decode });
  const good = await test.manager.register(INPUT);
  const bad = await test.manager.register({
    ...INPUT,
    name: 'bad',
    source: { type: 'file', path: 'bad.mp4' },
  });
  expect((await test.ended(bad.id)).state).toBe('FAILED');
  expect((await test.ended(good.id)).state).toBe('ENDED');
});

it.each([
  [
    'of a recording while those before it are still scored, so that vision has some to choose from',
    false,
    1 + RECORDING_READ_AHEAD.scoring,
  ],
  ['in real time when the one before it is done, so that it is the newest', true, 1],
])('a frame is handed to the analyser once, in order: %s', async (_, realtime, atATime) => {
  const seen: number[] = [];
  let [busy, most] = [0, 0];
  let answered = Promise.resolve();
  const test = new TestManager({
    decode: frames(20),
    openAnalyser: () => ({
      smallestFace: () => 1,
      async analyse(given: Frame) {
        most = Math.max(most, ++busy);
        seen.push(given.mediaTime);
        answered = answered.then(async () => {
          await until(() => most >= atATime);
          await tick(5); // as long as it takes to be handed one too many
          busy -= 1;
        });
        await answered;
        return NO_FACES;
      },
      close: async () => {},
    }),
  });
  const { id } = await test.manager.register({ ...INPUT, realtime });
  expect((await test.ended(id)).state).toBe('ENDED');
  expect(seen).toEqual(range(20).map((index) => frame(index).mediaTime));
  expect(most).toBe(atATime);
});

it('a looped file is opened again when its decoder breaks, but not for ever; one that is not looped ends', async () => {
  const { decode, count } = oneAfterTheOther(thenFails(frames(3)), frames(Number.POSITIVE_INFINITY, 1));
  const test = new TestManager({ decode });
  const { id } = await test.manager.register({ ...INPUT, loop: true });
  await until(() => count() === 2 && test.seqs.length > 6);
  const session = await test.manager.stop(id);
  expect(test.store.states).toEqual(['RUNNING', 'RECONNECTING', 'RUNNING', 'ENDED']);
  const times = (test.store.moments.get(session.id) ?? []).map(({ mediaTime }) => mediaTime);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));

  const broken = oneAfterTheOther(thenFails(frames(1)));
  const second = new TestManager({ decode: broken.decode });
  const { id: looped } = await second.manager.register({ ...INPUT, loop: true });
  expect(await second.ended(looped)).toMatchObject({ state: 'FAILED', failure: 'The source broke off.' });
  expect(broken.count()).toBe(6);

  const once = oneAfterTheOther(thenFails(frames(1)));
  const third = new TestManager({ decode: once.decode });
  const { id: plain } = await third.manager.register(INPUT);
  expect(await third.ended(plain)).toMatchObject({ state: 'FAILED' });
  expect(once.count()).toBe(1);
});

it('a source whose password cannot be read fails its session with a sentence that says what to do', async () => {
  const test = new TestManager();
  const source = { type: 'url', url: 'rtsp://camera/1', locked: true } as const;
  const { id } = await test.store.repository.create({ ...SETTINGS, source });
  await test.manager.start(id);
  expect(await test.ended(id)).toMatchObject({
    state: 'FAILED',
    failure: expect.stringMatching(/password.*cannot be read.*MIEN_SECRET_KEY.*register it again/),
  });
});

it('the last moment of a file stands to its end and no further; of one that is looped there is no end', async () => {
  const info = async () => ({ ...FILE_INFO, duration: 1.93 });
  const test = new TestManager({ probe: info });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  const untilEnd = test.store.moments.get(session.id)!.map((moment) => moment.untilEnd);
  expect(untilEnd).toEqual([...Array(19).fill(undefined), 0.03]);
  const looped = new TestManager({ probe: info });
  const { id: loop } = await looped.manager.register({ ...INPUT, loop: true });
  const moments = looped.store.moments.get((await looped.ended(loop)).id)!;
  expect(moments.map((moment) => moment.untilEnd)).toEqual(Array(20).fill(undefined));
});

it('each moment of a looped file tells where its frame lies in it', async () => {
  const decode: Decode = async function* () {
    for (const at of range(6)) {
      const loop = { pass: Math.floor(at / 3), sourceTime: (at % 3) / 10 };
      yield frame(at, { loop });
      await tick();
    }
  };
  const test = new TestManager({ decode });
  const { id } = await test.manager.register({ ...INPUT, loop: true });
  const moments = test.store.moments.get((await test.ended(id)).id)!;
  expect(moments.map(({ loop }) => [loop?.pass, loop?.sourceTime])).toEqual([
    ...[0, 0.1, 0.2].map((time) => [0, time]),
    ...[0, 0.1, 0.2].map((time) => [1, time]),
  ]);
});

it('the smallest face that could be found is that of the largest picture so far, where a source changes its size', async () => {
  const at = (index: number, side: number) => frame(index, { source: { width: side, height: side / 2 } });
  const decode: Decode = async function* () {
    // All of them are made smaller to 4 by 2 pixels.
    yield* [at(0, 8), at(1, 8), at(2, 4), at(3, 16), at(4, 8), at(5, 16)];
    await tick();
  };
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(INPUT);
  await test.ended(id);
  expect(test.store.smallestFaces).toEqual([3, 6]);
  expect(test.store.states).toEqual(['RUNNING', 'RUNNING', 'ENDED']);
  expect(test.store.sizes).toEqual([{ in: 'RUNNING', width: 4, height: 2 }]);
});
