/** Answers of the store that were lost, and sessions that turn out to be another server's. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { ofShare } from '../../src/sessions/fair-share.ts';
import { whenAborted } from '../../src/threads/when-aborted.ts';
import { tick } from '../helpers/memory-store.ts';
import { SETTINGS, STREAM_RECORD } from '../helpers/streams.ts';
import { type Decode, frames, silent } from './fakes.ts';
import { CAMERA, INPUT, LIMITS, TestManager, until } from './test-manager.ts';

/** Nobody sends. */
const waits: Decode = async function* (_source, _info, { signal }) {
  await whenAborted(signal);
  yield* [];
};
const endless = frames(Number.POSITIVE_INFINITY, 1);

it('a session that turns out to be another server’s ends here, though its source gives nothing to store', async () => {
  const test = new TestManager({ decode: silent });
  const { id } = await test.manager.register({ ...CAMERA, autoStart: false });
  test.store.sessions.setState = async () => {
    throw new MienError('CONFLICT', 'Another one has taken it over.');
  };
  await test.manager.start(id);
  await until(() => test.manager.running().length === 0);
  expect(test.store.states).toEqual([]);
});

it('so does one that waits for video', async () => {
  const test = new TestManager({ decode: waits });
  const { id } = await test.manager.register({
    ...CAMERA,
    source: { type: 'push', inlet: 'mien' },
    autoStart: false,
  });
  test.store.sessions.setState = async () => {
    throw new MienError('CONFLICT', 'Another one has taken it over.');
  };
  await test.manager.start(id);
  await until(() => test.manager.running().length === 0);
});

it('a session whose beginning was stored, and the answer lost, is ended, and its stream runs anew', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  const { create } = test.store.sessions;
  test.store.sessions.create = async (input) => {
    test.store.sessions.create = create;
    await create(input);
    throw new MienError('STORE_UNAVAILABLE', 'The answer was lost.');
  };
  await expect(test.manager.register(INPUT)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  const [left] = [...test.store.records.values()];
  await until(() => test.manager.running().length === 1);
  expect(test.store.records.get(left!.id)).toMatchObject({ state: 'INTERRUPTED' });
  // What runs here, and what is being begun, is left alone.
  const before = test.seqs.length;
  test.manager.leaseWatcher.lookAround();
  await until(() => test.seqs.length > before + 10);
  const [first, ...others] = [...test.store.records.values()].reverse();
  expect([first!.state, ...others.map(({ state }) => state)]).toEqual(['RUNNING', 'INTERRUPTED']);
  expect(first!.streamId).toBe(left!.streamId);
  expect(test.manager.leaseWatcher.sessions).toBe(1);
});

it('a session that is being begun is not taken for one that was left', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  const { create } = test.store.sessions;
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  test.store.sessions.create = async (input) => {
    const record = await create(input);
    await answered;
    return record;
  };
  const registering = test.manager.register(INPUT);
  await until(() => test.store.records.size === 1);
  expect(test.manager.leaseWatcher.sessions).toBe(1);
  test.manager.leaseWatcher.lookAround();
  await tick(50);
  answer();
  await registering;
  await until(() => test.seqs.length > 5);
  expect([...test.store.records.values()].map(({ state }) => state)).toEqual(['RUNNING']);
});

it('a look that gets no answer does not keep the next from looking', async () => {
  const test = new TestManager({ decode: endless, limits: { ...LIMITS, lookMs: 50 } });
  await test.manager.desired.restore();
  const { adopt } = test.store.sessions;
  test.store.sessions.adopt = () => {
    test.store.sessions.adopt = adopt;
    return new Promise(() => {});
  };
  const { id } = await test.store.repository.create(SETTINGS);
  await test.store.repository.setShouldRun(id, true);
  const left = test.store.addSession(id, { state: 'RUNNING' });
  test.manager.leaseWatcher.lookAround();
  await until(() => test.manager.running().length === 1, 5_000);
  expect(test.store.records.get(left.id)).toMatchObject({ state: 'INTERRUPTED' });
});

it('a takeover that is tried again counts its crash once: no stream is blamed for a database that stutters', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  const { id } = await test.store.repository.create({ ...SETTINGS, shouldRun: true });
  test.store.addSession(id, { state: 'RUNNING' });
  const { hold, countCrash } = test.store.repository;
  let refused = 0;
  test.store.repository.hold = async (ids) => {
    if (refused++ < 4) throw new MienError('STORE_UNAVAILABLE', 'The database is away.');
    await hold(ids);
  };
  // Of the first count the answer is lost.
  test.store.repository.countCrash = async (given) => {
    test.store.repository.countCrash = countCrash;
    await countCrash(given);
    throw new MienError('STORE_UNAVAILABLE', 'The answer was lost.');
  };
  test.manager.leaseWatcher.lookAround();
  await until(() => refused > 4);
  expect(test.store.crashes.get(id)).toBe(1);
  expect(test.store.streams.get(id)).toMatchObject({ shouldRun: true });
  await until(() => test.manager.running().length === 1);
});

it('an answer that comes late does not stop the session that its stream has begun since', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  const { id } = await test.manager.register(INPUT);
  const first = await test.store.sessions.latest(id);
  const { unwanted } = test.store.sessions;
  let isAsked = false;
  let answer = () => {};
  test.store.sessions.unwanted = async () => {
    test.store.sessions.unwanted = unwanted;
    isAsked = true;
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return [first!];
  };
  test.manager.leaseWatcher.lookAround();
  await until(() => isAsked);
  await test.manager.stop(id);
  const second = await test.manager.start(id);
  answer();
  await tick(50);
  expect(await test.store.sessions.get(second.id)).toMatchObject({ state: 'RUNNING' });
});

it('a session that another server has ended meanwhile ends here, also where nothing of it is stored, and the next one runs', async () => {
  const test = new TestManager({ decode: waits });
  await test.manager.desired.restore();
  const source = { type: 'push', inlet: 'mien' } as const;
  const { id } = await test.manager.register({ ...CAMERA, source });
  await until(() => test.store.states.length > 0);
  const session = await test.store.sessions.latest(id);
  // It was stopped at an API, while this server stood still.
  await test.store.repository.setShouldRun(id, false);
  await test.store.sessions.interruptLive([session!.id], 'Its server was gone.');
  const { setState } = test.store.sessions;
  test.store.sessions.setState = async () => {
    throw new MienError('CONFLICT', 'Another one has taken it over.');
  };
  test.manager.leaseWatcher.lookAround();
  await until(() => test.manager.running().length === 0, 5_000);
  expect(await test.store.sessions.get(session!.id)).toMatchObject({ failure: 'Its server was gone.' });
  test.store.sessions.setState = setState;
  const next = await test.manager.start(id);
  await tick(20);
  test.manager.leaseWatcher.lookAround();
  await tick(50);
  expect(test.manager.running()).toMatchObject([{ sessionId: next.id }]);
});

it('a file that is not here waits for whoever has it, also while nobody else is there: they may be starting', async () => {
  const far = { ...STREAM_RECORD, id: 'far', source: { type: 'file', path: 'a.mp4' } as const };
  const near = { ...STREAM_RECORD, id: 'near', source: { type: 'url', url: 'rtsp://camera/1' } as const };
  const deps = { running: new Map(), waiting: new Set<string>(), deferred: new Map<string, number>() };
  const isHere = async ({ type }: { type: string }) => type !== 'file';
  const alone = { ...deps, isHere, streams: { share: async () => Number.POSITIVE_INFINITY } };
  for (let look = 0; look < 30; look++) expect(await ofShare(alone, [far, near])).toEqual([near]);
  expect(await ofShare(alone, [far, near])).toEqual([far, near]);
  // Where nobody else ever can be, it fails at once with what is wrong.
  const only = { ...deps, isHere, streams: { share: async () => null } };
  expect(await ofShare(only, [far])).toEqual([far]);
});
