/** A session of a recording: every frame, once, in order. */
import { expect, it } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { RECORDING_READ_AHEAD } from '../../src/domain/read-ahead.ts';
import { tick } from '../helpers/memory-store.ts';
import { analyser, type Decode, frame, frames } from './fakes.ts';
import { INPUT, LIMITS, range, TestManager, thenFails, until } from './test-manager.ts';

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
  let last: Promise<void> = Promise.resolve();
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
      async analyse(given: Frame) {
        most = Math.max(most, ++busy);
        seen.push(given.mediaTime);
        answered = answered.then(async () => {
          await until(() => most >= atATime);
          await tick(5); // as long as it takes to be handed one too many
          busy -= 1;
        });
        await answered;
        return [];
      },
      close: async () => {},
    }),
  });
  const { id } = await test.manager.register({ ...INPUT, realtime });
  expect((await test.ended(id)).state).toBe('ENDED');
  expect(seen).toEqual(range(20).map((index) => frame(index).mediaTime));
  expect(most).toBe(atATime);
});
