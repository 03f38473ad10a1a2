/** What a server that runs no streams does itself, and what it asks of those that do. */
import { expect, it } from 'vitest';
import { RemoteStreams } from '../../src/sessions/index.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { code, INPUT } from './test-manager.ts';

const PUSHED = { ...INPUT, source: { type: 'push', inlet: 'x' } } as const;

/** Workers that do as they are asked, and what they were asked. */
function world() {
  const store = new MemoryStore();
  const done: string[] = [];
  const streams = new RemoteStreams({
    ...{ streams: store.repository, sessions: store.sessions, sink: store },
    publisher: { status() {}, episode() {}, moment() {}, removed() {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    readTags: async (id) => void done.push(`tags of ${id}`),
    workers: {
      async register({ autoStart, ...settings }) {
        const { id } = await store.repository.create({ ...settings, shouldRun: autoStart });
        done.push(`registered ${id}`);
        return { id, alreadyRegistered: false };
      },
      async start({ id }, { label }) {
        done.push(`started ${id} as ${label}`);
        return store.addSession(id, { state: 'RUNNING' }).id;
      },
    },
  });
  return { store, done, streams };
}

it('a stream is admitted, then registered by a worker, and its tags are known; the same again is given as it is', async () => {
  const { store, done, streams } = world();
  const admit = async () => void done.push('admitted');
  const [one, again] = await Promise.all([0, 1].map(() => streams.register(INPUT, { admit })));
  const [stored] = store.streams.values();
  expect(one).toEqual({ ...stored, alreadyRegistered: false });
  expect(again).toEqual({ ...stored, alreadyRegistered: true });
  expect(done).toEqual(['admitted', `registered ${stored!.id}`, `tags of ${stored!.id}`]);
  await expect(streams.register({ ...INPUT, frameRate: 5 }, { admit })).rejects.toEqual(code('CONFLICT'));
  expect(done).toHaveLength(3);
});

it('what may not be registered is refused before a worker is asked', async () => {
  const { done, streams } = world();
  expect(() => streams.register({ ...INPUT, purpose: 'WORKPLACE' })).toThrow(code('PURPOSE_REFUSED'));
  await expect(streams.register(PUSHED)).rejects.toEqual(code('BAD_INPUT'));
  const admit = () => Promise.reject(new Error('full'));
  await expect(streams.register(INPUT, { admit })).rejects.toThrow('full');
  expect(done).toEqual([]);
});

it('a stream is started by a worker, with the words of its session, unless its video is sent to mien', async () => {
  const { store, done, streams } = world();
  const { id } = await store.repository.create(SETTINGS);
  expect(await streams.start(id, { label: 'first' })).toMatchObject({ streamId: id, state: 'RUNNING' });
  expect(done).toEqual([`started ${id} as first`]);
  const pushed = await store.repository.create({ ...SETTINGS, source: PUSHED.source });
  await expect(streams.start(pushed.id)).rejects.toMatchObject({
    code: 'CONFLICT',
    message:
      'Video that is sent to mien needs a server that is all in one: ask a `mien serve` on the same database, and send it there. This is a `mien api`, which takes no video.',
  });
  await expect(streams.start('none')).rejects.toEqual(code('NOT_FOUND'));
  store.sessions.get = async () => null;
  await expect(streams.start(id)).rejects.toThrow('The session of the stream a was removed.');
  expect(done).toHaveLength(2);
});

it('a stream that is removed is gone, and so is what it recorded', async () => {
  const { store, streams } = world();
  const { id } = await store.repository.create(SETTINGS);
  const session = store.addSession(id, { state: 'ENDED' });
  expect(await streams.stop(id)).toEqual(session);
  await streams.remove(id);
  expect([store.streams.size, store.records.size]).toEqual([0, 0]);
});
