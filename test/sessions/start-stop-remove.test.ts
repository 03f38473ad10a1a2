/** Streams are started, stopped and removed; uploads go with the last stream that uses them. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { tick } from '../helpers/memory-store.ts';
import { frames } from './fakes.ts';
import { code, INPUT, range, TestManager, until } from './test-manager.ts';

it('stopping drains, then ends the session; stopping again gives the last session', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 3);
  const ended = await test.manager.stop(id);
  expect(ended.state).toBe('ENDED');
  expect(test.seqs).toEqual(range(test.store.moments.get(ended.id)?.length ?? 0));
  expect(await test.manager.stop(id)).toEqual(ended);
  expect(test.store.streams.get(id)?.shouldRun).toBe(false);
});

it('a stream that never ran cannot be stopped, and one that is not there can be neither started, stopped nor removed', async () => {
  const test = new TestManager();
  const { id } = await test.manager.register({ ...INPUT, autoStart: false });
  await expect(test.manager.stop(id)).rejects.toEqual(code('CONFLICT'));
  for (const work of ['start', 'stop', 'remove'] as const) {
    await expect(test.manager[work]('nothing')).rejects.toEqual(code('NOT_FOUND'));
  }
});

it('a stream runs one session at a time', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register({ ...INPUT, autoStart: false });
  const both = await Promise.allSettled([test.manager.start(id), test.manager.start(id)]);
  expect(both[1]).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
  const stopped = test.manager.stop(id);
  const again = test.manager.start(id);
  expect((await stopped).id).not.toBe((await again).id);
  expect(test.manager.running()).toMatchObject([{ streamId: id, sessionId: (await again).id }]);
});

it('a stream is removed with its sessions, running or not', async () => {
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY, 1) });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 0);
  await test.manager.remove(id);
  expect([test.store.streams.size, test.store.records.size]).toEqual([0, 0]);
  expect(test.heard.slice(-2)).toEqual(['ENDED', 'removed']);
});

it('who sends to a stream is told when it was removed, and not that it was stopped', async () => {
  const reasons: unknown[] = [];
  const test = new TestManager({
    decode: async function* (...given) {
      const { signal } = given[2];
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      reasons.push(signal.reason);
      yield* [];
    },
  });
  const { id } = await test.manager.register(INPUT);
  await test.manager.stop(id);
  await test.manager.start(id);
  await test.manager.remove(id);
  expect(reasons).toEqual([
    expect.objectContaining({ name: 'AbortError' }),
    expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringMatching(/was removed/) }),
  ]);
});

it('an upload is taken when a stream is registered with it, and released with the last stream that uses it', async () => {
  const told: string[] = [];
  const uploads = {
    take: async (token: string) => void told.push(`take ${token}`),
    offer: async (token: string) => void told.push(`offer ${token}`),
    release: async (token: string) => void told.push(`release ${token}`),
  };
  const test = new TestManager({ uploads, decode: frames(Number.POSITIVE_INFINITY, 1) });
  const source = { type: 'upload', token: 'abc' } as const;
  const one = await test.manager.register({ ...INPUT, name: 'one', source });
  const two = await test.manager.register({ ...INPUT, name: 'two', source, autoStart: false });
  const other = await test.manager.register({ ...INPUT, name: 'other', autoStart: false });
  await test.manager.remove(one.id);
  await test.manager.remove(other.id);
  expect(told.splice(0)).toEqual(['take abc', 'take abc', 'offer abc', 'take abc']);
  await test.manager.remove(two.id);
  expect(told).toEqual(['offer abc', 'release abc']);
});

it('a stream whose removal was stored is removed, though the answer was lost; else removing can be asked again', async () => {
  const released: string[] = [];
  const release = async (token: string) => void released.push(token);
  const test = new TestManager({ uploads: { take: async () => {}, offer: async () => {}, release } });
  const source = { type: 'upload', token: 'abc' } as const;
  const { id } = await test.manager.register({ ...INPUT, source, autoStart: false });
  const remove = test.store.repository.remove;
  const away = new MienError('STORE_UNAVAILABLE', 'The database is away.');
  test.store.repository.remove = () => Promise.reject(away);
  await expect(test.manager.remove(id)).rejects.toBe(away);
  expect([test.heard, released]).toEqual([[], []]);
  test.store.repository.remove = async (stream) => {
    await remove(stream);
    throw away;
  };
  await test.manager.remove(id);
  await tick();
  expect([test.heard, released]).toEqual([['removed'], ['abc']]);
});

it('a stream is removed also when its upload cannot be deleted, which is logged', async () => {
  const nothing = async () => {};
  const uploads = { take: nothing, offer: nothing, release: () => Promise.reject(new Error('busy')) };
  const test = new TestManager({ uploads });
  const { id } = await test.manager.register({
    ...{ ...INPUT, autoStart: false },
    source: { type: 'upload', token: 'abc' },
  });
  await test.manager.remove(id);
  expect(test.store.streams.size).toBe(0);
  expect(test.warnings).toContain('could not release an upload');
});
