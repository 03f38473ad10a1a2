/** The end of the server interrupts sessions, and the next boot restores the desired state. */
import { expect, it, vi } from 'vitest';
import type { Episode } from '../../src/domain/moment.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import type { StreamManagerDeps } from '../../src/sessions/index.ts';
import { moment, tick } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { analyser, frames } from './fakes.ts';
import { CAMERA, code, INPUT, range, TestManager, until } from './test-manager.ts';

it('closing interrupts running sessions, stores all of them, and the next boot starts their streams again', async () => {
  const decode = frames(Number.POSITIVE_INFINITY, 1);
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 3);
  await test.manager.close();
  const [session] = [...test.store.records.values()];
  expect(session).toMatchObject({ state: 'INTERRUPTED', failure: 'The server was stopped.' });
  expect(test.seqs).toEqual(range(test.store.moments.get(session!.id)?.length ?? 0));
  await expect(test.manager.start(id)).rejects.toEqual(code('SHUTTING_DOWN'));
  const next = new TestManager({
    decode,
    streams: test.store.repository,
    sessions: test.store.sessions,
    sink: test.store,
  });
  await next.manager.desired.restore();
  expect(next.manager.running()).toMatchObject([{ streamId: id }]);
});

it.each([
  ['of a database that is held by one', null, /^The server ended without stopping this session\.$/],
  ['of one that several share, which may have lost the network', Infinity, /or had lost the database/],
])(
  'sessions that a server left, %s, become INTERRUPTED, and streams that should run start anew',
  async (_, share, why) => {
    const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    const [wanted, other] = [
      await test.store.repository.create(SETTINGS),
      await test.store.repository.create(SETTINGS),
    ];
    await test.store.repository.setShouldRun(wanted.id, true);
    test.store.repository.share = async () => share;
    const stale = { state: 'RECONNECTING', failure: 'The source broke off.' } as const;
    const left = [test.store.addSession(wanted.id, stale), test.store.addSession(other.id)];
    await test.manager.desired.restore();
    const failure = expect.stringMatching(why);
    for (const { id } of left) {
      expect(test.store.records.get(id)).toMatchObject({ state: 'INTERRUPTED', failure });
    }
    expect(test.manager.running().map(({ streamId }) => streamId)).toEqual([wanted.id]);
  },
);

it('of a session that a crash cut off, an episode that was told to have begun is told to have ended, before the session is', async () => {
  const test = new TestManager();
  const { store, bus } = test;
  const { id: streamId } = await store.repository.create(SETTINGS);
  const session = store.addSession(streamId, { state: 'RUNNING' });
  store.addSession((await store.repository.create(SETTINGS)).id, { state: 'RUNNING' });
  const episode: Episode = {
    ...{ sessionId: session.id, index: 0, track: 1, expression: 'FEAR', onset: 0, apex: 2, peak: 0.5 },
    ...{ offset: null, startedAt: new Date(0), endedAt: null },
  };
  await store.append(moment(session.id, 0), [{ kind: 'ONSET', episode }]);
  const before = store.newest;
  const queue = bus.subscribe(['episode', 'status'], { streamId });
  await test.manager.desired.restore();
  const [first, second] = [await queue.take(), await queue.take()];
  const event = { kind: 'OFFSET', episode: { index: 0, offset: 2 } };
  expect(first?.event).toMatchObject({ kind: 'episode', event, position: before + 1 });
  expect(second?.event).toMatchObject({ kind: 'status', session: { state: 'INTERRUPTED' } });
  // Another that was cut off had none.
  expect(store.finished.map(([sessionId, events]) => [sessionId, events.length])).toEqual([[session.id, 1]]);
  // So whoever resumes is told, too.
  const place = { position: before, index: 2 ** 31 - 1, kind: 3 };
  expect(await store.log.episodesBehind(place, {}, 10)).toMatchObject([{ event, position: before + 1 }]);
});

it('restoring leaves alone what was started meanwhile, and what should not run any more when its turn comes', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const create = () => test.store.repository.create(SETTINGS);
  const [crashed, early, stopped, removed] = [await create(), await create(), await create(), await create()];
  for (const { id } of [crashed, early, stopped, removed]) await test.store.repository.setShouldRun(id, true);
  const left = test.store.addSession(crashed.id, { state: 'RUNNING' });
  const stoppedLeft = test.store.addSession(stopped.id, { state: 'ENDED' });
  await test.manager.desired.note();
  // The API listens already.
  const started = await test.manager.start(early.id);
  const wanted = test.store.repository.thatShouldRun;
  test.store.repository.thatShouldRun = async () => {
    const found = await wanted();
    expect(await test.manager.stop(stopped.id)).toEqual(stoppedLeft);
    await test.manager.remove(removed.id);
    return found;
  };
  await test.manager.desired.restore();
  expect(test.store.records.get(left.id)?.state).toBe('INTERRUPTED');
  await until(() => test.store.records.get(started.id)?.state === 'RUNNING');
  expect(test.store.states.filter((state) => state === 'INTERRUPTED')).toHaveLength(1);
  expect(test.manager.running().map(({ streamId }) => streamId)).toEqual([early.id, crashed.id]);
  expect([test.store.streams.get(stopped.id)?.shouldRun, test.warnings]).toEqual([false, []]);
});

it('restoring starts a stream again that could not be started, until it can, or it was removed', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const [wanted, other, removed] = [
    await test.manager.register({ ...INPUT, name: 'a', autoStart: false }),
    await test.manager.register({ ...INPUT, name: 'b', autoStart: false }),
    await test.manager.register({ ...INPUT, name: 'c', autoStart: false }),
  ];
  for (const { id } of [wanted, other, removed]) await test.store.repository.setShouldRun(id, true);
  const { create } = test.store.sessions;
  const asked: string[] = [];
  test.store.sessions.create = async (session) => {
    asked.push(session.streamId);
    if (session.streamId === removed.id) throw new MienError('NOT_FOUND', 'There is no such stream.');
    if (session.streamId === wanted.id && asked.filter((id) => id === wanted.id).length < 3)
      throw new Error('Connection terminated unexpectedly');
    return create(session);
  };
  await test.manager.desired.restore();
  expect(test.manager.running().map(({ streamId }) => streamId)).toEqual([other.id]);
  await until(() => test.manager.running().length === 2);
  expect(asked).toEqual([wanted.id, other.id, removed.id, wanted.id, wanted.id]);
});

it('closing tells whoever is registering meanwhile, and stores nothing of it', async () => {
  const probe: StreamManagerDeps['probe'] = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const test = new TestManager({ probe });
  const registering = expect(test.manager.register(INPUT)).rejects.toMatchObject({
    code: 'SHUTTING_DOWN',
    message: expect.stringMatching(/^The server is stopping/),
  });
  await tick(2);
  await test.manager.close();
  await registering;
  expect(test.store.streams.size).toBe(0);
});

it('closing waits for a look at what should run that is under way: what it does needs the store', async () => {
  const test = new TestManager();
  await test.manager.desired.restore();
  let answer: (sessions: SessionRecord[]) => void = () => {};
  test.store.sessions.unwanted = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  test.manager.leaseWatcher.lookAround();
  let isClosed = false;
  const closing = test.manager.close().then(() => {
    isClosed = true;
  });
  await tick(10);
  expect(isClosed).toBe(false);
  answer([]);
  await closing;
});

it('closing does not wait for a store that stays away', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 3);
  test.store.away = true;
  await tick(20);
  const start = Date.now();
  await test.manager.close();
  expect(Date.now() - start).toBeLessThan(10_000);
  expect(test.warnings).toContain('moments were not stored');
});

it('closing waits for a start that is under way, and for what is noted of a session that ends', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register({ ...INPUT, autoStart: false });
  const { create } = test.store.sessions;
  test.store.sessions.create = async (session) => {
    await tick(30);
    return create(session);
  };
  const forgotten: string[] = [];
  test.store.repository.forgetCrashes = async (stream) => {
    await tick(30);
    forgotten.push(stream);
  };
  const starting = test.manager.start(id);
  await tick(5);
  await test.manager.close();
  expect(test.store.records.get((await starting).id)?.state).toBe('INTERRUPTED');
  expect(test.manager.running()).toEqual([]);
  expect(forgotten).toEqual([id]);
});

it('what was stopped, removed or started before its turn to be restored comes is left alone', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const create = () => test.store.repository.create({ ...SETTINGS, shouldRun: true });
  const [stopped, removed, started, left] = [await create(), await create(), await create(), await create()];
  const { repository, sessions } = test.store;
  const { thatShouldRun } = repository;
  repository.share = async () => null;
  repository.thatShouldRun = async () => {
    const found = await thatShouldRun();
    await repository.setShouldRun(stopped.id, false);
    await repository.remove(removed.id);
    await test.manager.start(started.id, { label: 'first' });
    return found;
  };
  const begun = vi.spyOn(sessions, 'create');
  await test.manager.desired.restore();
  // What is restored is begun only where it should run still.
  expect(begun.mock.calls.map(([{ streamId, words, again }]) => [streamId, words?.label, again])).toEqual([
    [started.id, 'first', undefined],
    [left.id, undefined, true],
  ]);
  expect([test.warnings, test.manager.begun, test.manager.closing]).toEqual([[], 2, false]);
});

it('a session that does not drain within nine seconds is logged, and the server ends without it', async () => {
  const logged: unknown[] = [];
  const error = (of: object, text: string) => void logged.push([text, of]);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const test = new TestManager({
    log: { debug() {}, info() {}, warn() {}, error },
    decode: frames(1),
    openAnalyser: () => ({ ...analyser(), close: () => released }),
  });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length === 1);
  const [session] = test.store.records.keys();
  vi.useFakeTimers();
  try {
    let isClosed = false;
    const closing = test.manager.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(8_990);
    expect([isClosed, test.manager.closing]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(10);
    await closing;
  } finally {
    vi.useRealTimers();
  }
  expect(logged).toEqual([['a session did not drain in time', { stream: id, session }]]);
  release();
});
