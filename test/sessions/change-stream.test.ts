/** Changing a stream that is registered, while it runs and while it does not. */
import { expect, it } from 'vitest';
import type { StreamChange } from '../../src/domain/stream.ts';
import { LoadControl, RemoteStreams, type Workers } from '../../src/sessions/index.ts';
import { tick } from '../helpers/memory-store.ts';
import { LIVE_INFO } from './fakes.ts';
import { CAMERA, code, INPUT, TestManager, until } from './test-manager.ts';

const waiting = { ...INPUT, autoStart: false };

it('what is given changes, and all else stays', async () => {
  const test = new TestManager();
  const { alreadyRegistered: _, ...stream } = await test.manager.register({ ...waiting, timing: 'EVEN' });
  const change: StreamChange = {
    ...{ name: 'hall', frameRate: 5, priority: 'HIGH', loop: true, detectSize: 'LARGE', smoothing: 0 },
    ...{ tags: { site: 'lab' }, retention: 12 },
  };
  expect(await test.manager.change(stream.id, change)).toEqual({ ...stream, ...change, atNextSession: [] });
  expect(await test.manager.change(stream.id, { timing: null, retention: null })).toMatchObject({
    ...change,
    ...{ timing: null, retention: null },
  });
  const same = { ...waiting, ...change, timing: null, retention: null };
  expect(await test.manager.register(same)).toMatchObject({ id: stream.id, alreadyRegistered: true });
});

it.each([
  { name: '' },
  { name: 'a\nb' },
  { frameRate: 0 },
  { smoothing: 10_001 },
  { retention: 0 },
  { tags: { 'a b': 'c' } },
  { timing: 'SOMETIMES' as never },
  { priority: 'URGENT' as never },
])('a change to %o is refused, and nothing changes', async (change) => {
  const test = new TestManager();
  const { id } = await test.manager.register(waiting);
  const before = test.store.streams.get(id);
  await expect(test.manager.change(id, change)).rejects.toEqual(code('BAD_INPUT'));
  expect(test.store.streams.get(id)).toEqual(before);
});

it('a camera cannot be made to loop', async () => {
  const test = new TestManager();
  const { id } = await test.manager.register({ ...CAMERA, autoStart: false });
  await expect(test.manager.change(id, { loop: true })).rejects.toEqual(code('BAD_INPUT'));
});

it('a running session keeps what it was begun with, and the next one has what was changed', async () => {
  const rates: number[] = [];
  const test = new TestManager({
    probe: async () => LIVE_INFO,
    decode: async function* (_source, _info, { frameRate, signal }) {
      rates.push(frameRate);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      yield* [];
    },
  });
  const { id } = await test.manager.register(CAMERA);
  expect(await test.manager.change(id, { frameRate: 5, name: 'hall' })).toMatchObject({
    name: 'hall',
    atNextSession: ['frameRate'],
  });
  // Also by a change that concerns something else; and no more when it is taken back.
  expect(await test.manager.change(id, { smoothing: 0 })).toMatchObject({
    atNextSession: ['frameRate', 'smoothing'],
  });
  expect(await test.manager.change(id, { smoothing: 250 })).toMatchObject({ atNextSession: ['frameRate'] });
  await test.manager.stop(id);
  await test.manager.start(id);
  await until(() => rates.length === 2);
  expect(rates).toEqual([10, 5]);
  expect(await test.manager.change(id, {})).toMatchObject({ atNextSession: [] });
});

it('a session that another server runs keeps what it was begun with, too', async () => {
  const test = new TestManager({
    probe: async () => LIVE_INFO,
    decode: async function* (_source, _info, { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      yield* [];
    },
  });
  const { repository: streams, sessions } = test.store;
  const elsewhere = new RemoteStreams({
    ...{ streams, sessions, sink: test.store, publisher: test.bus, workers: {} as Workers },
    readTags: async () => {},
    log: { info() {}, warn() {}, error() {}, debug() {} },
  });
  const { id } = await test.manager.register(CAMERA);
  const change = { frameRate: 5, timing: 'EVEN', name: 'hall', priority: 'HIGH' } as const;
  expect(await elsewhere.change(id, change)).toMatchObject({ atNextSession: ['frameRate', 'timing'] });
  expect(await elsewhere.change(id, { timing: null })).toMatchObject({ atNextSession: ['frameRate'] });
  await test.manager.stop(id);
  expect(await elsewhere.change(id, { smoothing: 0 })).toMatchObject({ atNextSession: [] });
  await test.manager.start(id);
  expect(await elsewhere.change(id, { frameRate: 6 })).toMatchObject({ atNextSession: ['frameRate'] });
});

it('the priority of a running stream changes at once', async () => {
  const log = { info() {}, warn() {}, error() {}, debug() {} };
  const load = new LoadControl({
    ...{ modelRate: null, work: () => ({ seconds: 0, threads: 1 }), overcommit: true, log },
  });
  const told: string[] = [];
  const setPriority = load.setPriority.bind(load);
  load.setPriority = (id, priority) => {
    told.push(priority);
    setPriority(id, priority);
  };
  const test = new TestManager({ load });
  const { id } = await test.manager.register(waiting);
  await test.manager.change(id, { frameRate: 5 });
  await test.manager.change(id, { priority: 'LOW' });
  expect(told).toEqual(['LOW']);
});

it('the name of another stream of this source is refused; of another source, and its own, it is not', async () => {
  const test = new TestManager();
  const one = await test.manager.register(waiting);
  const two = await test.manager.register({ ...waiting, name: 'two', tags: { site: 'shop' } });
  await test.manager.register({ ...waiting, name: 'three', source: { type: 'file', path: 'other.mp4' } });
  await expect(test.manager.change(one.id, { name: 'two' })).rejects.toEqual(code('CONFLICT'));
  expect(await test.manager.change(one.id, { name: 'three' })).toMatchObject({ name: 'three' });
  expect(await test.manager.change(one.id, { name: 'three' })).toMatchObject({ name: 'three' });
  // Whoever is not shown the other is not told of it.
  const shown = { site: 'lab' };
  expect(await test.manager.change(two.id, { name: 'three' }, { shown })).toMatchObject({ name: 'three' });
  // What a stream is called already is no change.
  await test.manager.change(one.id, { name: 'three' });
});

it('of two that take the same name at once, and one that is registered with it, one has it', async () => {
  const test = new TestManager();
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => test.manager.register({ ...waiting, name })),
  );
  const { update } = test.store.repository;
  test.store.repository.update = async (...given) => {
    await tick(5);
    return update(...given);
  };
  const all = await Promise.allSettled([
    test.manager.change(one!.id, { name: 'hall' }),
    test.manager.change(two!.id, { name: 'hall' }),
    test.manager.register({ ...waiting, name: 'hall' }),
  ]);
  const names = [...test.store.streams.values()].map(({ name }) => name);
  expect(names.filter((name) => name === 'hall')).toHaveLength(1);
  // The registration is the same as the stream that took the name.
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('a stream that is being removed, or was, is not changed', async () => {
  const test = new TestManager();
  const { id } = await test.manager.register(CAMERA);
  const removing = test.manager.remove(id);
  await expect(test.manager.change(id, { name: 'x' })).rejects.toEqual(code('NOT_FOUND'));
  await removing;
  await expect(test.manager.change(id, {})).rejects.toEqual(code('NOT_FOUND'));
  expect(test.store.streams.size).toBe(0);
});
