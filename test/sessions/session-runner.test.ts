/** What a session tells of its source and of its end, and what it closes. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { LoadControl, type StreamManagerDeps } from '../../src/sessions/index.ts';
import type { SessionTimeline } from '../../src/sessions/ports.ts';
import { NOBODY_SENDS } from '../../src/sessions/stream-errors.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { tick } from '../helpers/memory-store.ts';
import { analyser, frames, LIVE_INFO } from './fakes.ts';
import { CAMERA, INPUT, LIMITS, TestManager, until } from './test-manager.ts';

/** What is logged, with what it is of. */
function logging() {
  const logged: [text: string, of: Record<string, unknown>][] = [];
  const say = (of: object, text: string) => void logged.push([text, { ...of }]);
  return { logged, log: { debug() {}, info() {}, warn: say, error: say } };
}

it.each([
  ['a camera', CAMERA.source, 50_000],
  ['what waits to be sent to', { type: 'push', inlet: 'x' }, 5_000],
] as const)('%s that ends is waited for, and its stream says so', async (_, source, wait) => {
  const { logged, log } = logging();
  const failures: unknown[] = [];
  const test = new TestManager({
    ...{ log, probe: async () => LIVE_INFO, decode: frames(1), limits: { ...LIMITS, reopenMs: 50_000 } },
  });
  const { setState } = test.store.sessions;
  test.store.sessions.setState = (id, state, details) => {
    failures.push([state, details?.failure]);
    return setState(id, state, details);
  };
  const { id } = await test.manager.register({ ...CAMERA, source });
  await until(() => test.store.states.includes('RECONNECTING'));
  const session = await test.manager.stop(id);
  expect(logged).toEqual([['source lost, opening it again', { session: session.id, wait, err: null }]]);
  expect(failures).toEqual([
    ...(source.type === 'push' ? [['STARTING', NOBODY_SENDS]] : []),
    ['RUNNING', null],
    ['RECONNECTING', 'The source ended; waiting for it to come back.'],
    ['ENDED', null],
  ]);
});

it('the pictures of a session are opened and closed with it, and an analyser that cannot be closed is logged', async () => {
  const { logged, log } = logging();
  const shown: unknown[] = [];
  const openPictures: StreamManagerDeps['openPictures'] = (sessionId) => ({
    take: () => (moment) => void shown.push(moment.seq),
    close: () => void shown.push(`closed ${sessionId}`),
  });
  const error = new Error('It does not answer.');
  const broken = { ...analyser(), close: () => Promise.reject(error) };
  const test = new TestManager({ ...{ log, openPictures, decode: frames(2) }, openAnalyser: () => broken });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect(session.state).toBe('ENDED');
  expect(shown).toEqual([0, 1, `closed ${session.id}`]);
  expect(logged).toEqual([['could not close an analyser', { err: error }]]);
});

it('a session that fails is logged with why, and its analyser is opened for the pace of its source', async () => {
  const { logged, log } = logging();
  const opened: unknown[] = [];
  const error = new Error('a bug');
  const test = new TestManager({
    log,
    openAnalyser(sessionId, realtime) {
      opened.push([sessionId, realtime]);
      return { ...analyser(), analyse: () => Promise.reject(error) };
    },
  });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect(session).toMatchObject({
    ...{ state: 'FAILED', failure: 'Something went wrong inside mien; its log has the details.' },
  });
  expect(logged).toEqual([['session failed', { err: error, session: session.id }]]);
  const camera = await test.manager.register(CAMERA);
  const { id: cameraSession } = await test.ended(camera.id);
  expect(opened).toEqual([
    [session.id, false],
    [cameraSession, true],
  ]);
});

it('what is left behind when there is no more time is logged, by its number: the one moment that a live source has under way', async () => {
  const { logged, log } = logging();
  const decode = frames(Number.POSITIVE_INFINITY, 1);
  const test = new TestManager({ log, decode, limits: { ...LIMITS, drainMs: 20 } });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 2);
  test.store.away = true;
  await until(() => (test.meter.dropped.store ?? 0) > 0);
  const { id: session } = (await test.store.sessions.latest(id))!;
  await test.manager.close();
  await tick();
  expect(logged.filter(([text]) => text.startsWith('moments'))).toEqual([
    ['moments were not stored', { session, moments: 1 }],
  ]);
});

it('a source that is lost time after time within a minute is left alone for long, though it gives frames in between', async () => {
  const { logged, log } = logging();
  const limits = { ...LIMITS, reopenMs: 1 };
  const test = new TestManager({ ...{ log, limits, probe: async () => LIVE_INFO }, decode: frames(1) });
  const { id } = await test.manager.register(CAMERA);
  await until(() => logged.length > 5);
  await test.manager.stop(id);
  expect(logged.slice(0, 6).map(([, { wait }]) => wait)).toEqual([1, 1, 1, 1, 30, 30]);
});

it('a session that another server has taken over would end as that, if the store still took it', async () => {
  const asked: unknown[] = [];
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register({ ...CAMERA, autoStart: false });
  test.store.sessions.setState = async (_id, state, details) => {
    asked.push([state, details?.failure]);
    throw new MienError('CONFLICT', 'Another one has taken it over.');
  };
  await test.manager.start(id);
  await until(() => test.manager.running().length === 0);
  expect(asked).toEqual([
    ['RUNNING', null],
    ['INTERRUPTED', 'Another server has taken this stream over.'],
  ]);
});

it('a stream that was stopped stays stopped, though the server ends before all of its session is stored', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 2);
  const append = test.store.append.bind(test.store);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held = 0;
  test.store.append = async (...given) => {
    held += 1;
    await released;
    return append(...given);
  };
  await until(() => held > 0);
  const stopping = test.manager.stop(id);
  await tick(2);
  const closing = test.manager.close();
  release();
  expect(await stopping).toMatchObject({ state: 'ENDED', failure: null });
  await closing;
  expect(test.store.streams.get(id)).toMatchObject({ shouldRun: false });
});

it('a session that runs forgets what was erased of its open episodes, where its timeline can', async () => {
  const open = createTimeline({ thresholds: { confidence: 0, quality: 0 } });
  const forgotten: unknown[] = [];
  for (const forget of [(until: number) => void forgotten.push(until), undefined]) {
    const test = new TestManager({
      decode: frames(Number.POSITIVE_INFINITY, 1),
      openTimeline: (...given) => ({ ...open(...given), forget }) as SessionTimeline,
    });
    await test.manager.register(INPUT);
    await until(() => test.seqs.length > 0);
    for (const session of test.manager.running()) session.forget(0.5);
  }
  expect(forgotten).toEqual([0.5]);
});

it('of a recording no more is scored than there are places for on the way to a store that is slow', async () => {
  const test = new TestManager({ limits: { ...LIMITS, maxUncommitted: 4 } });
  const append = test.store.append.bind(test.store);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  test.store.append = (...given) => released.then(() => append(...given));
  const { id } = await test.manager.register(INPUT);
  await until(() => test.meter.decoded >= 4);
  await tick(20);
  expect(test.meter.decoded).toBe(4);
  release();
  await test.ended(id);
  expect(test.seqs.length).toBe(20);
});

it('each frame of a recording waits for its turn, and none of a camera', async () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const load = new LoadControl({
    ...{ modelRate: null, work: () => ({ seconds: 0, threads: 1 }), overcommit: true, log },
  });
  const open = load.open.bind(load);
  let turns = 0;
  const turn = () => {
    turns += 1;
    return null;
  };
  load.open = (...given) => Object.assign(open(...given), { turn });
  const test = new TestManager({ load });
  const recording = await test.manager.register(INPUT);
  await test.ended(recording.id);
  expect(turns).toBe(20);
  const camera = await test.manager.register(CAMERA);
  await until(() => test.store.states.includes('RECONNECTING'));
  await test.manager.stop(camera.id);
  expect(turns).toBe(20);
});

it('a recording whose moments the store refuses for good ends there, and says nothing of its fault', async () => {
  const { logged, log } = logging();
  const test = new TestManager({ log, decode: frames(Number.POSITIVE_INFINITY) });
  const error = new Error('invalid byte sequence');
  test.store.append = () => Promise.reject(error);
  const { id } = await test.manager.register(INPUT);
  expect(await test.ended(id)).toMatchObject({
    ...{ state: 'FAILED', failure: 'Something went wrong inside mien; its log has the details.' },
  });
  expect(logged.at(-1)).toMatchObject(['session failed', { err: error }]);
  expect(test.store.finished).toMatchObject([[expect.any(String), [], { store: expect.any(Number) }, null]]);
});

it('a recording that gave all its frames ended with the last of them', async () => {
  const test = new TestManager();
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect(test.store.finished.map(([of, , dropped, end]) => [of, dropped, end])).toEqual([
    [session.id, {}, null],
  ]);
});
