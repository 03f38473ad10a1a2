/** What is committed by now, as a server reads it that may not have heard of all of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createSession, createStore, SERVER, STREAM, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const PATIENT = { timeout: 60_000 };
let test: TestStore;
beforeAll(async () => {
  test = await createStore();
});
afterAll(() => test.dispose());

const LATER = new Date(Date.now() + 3_600_000);
const EARLIER = new Date(Date.now() - 3_600_000);

it('sessions that are live, began or ended since, or are named, with their newest moments', async () => {
  const { newest, moments, sessions } = test.store;
  const [live, over, other] = [await test.session(), await test.session(), await test.session()];
  for (let seq = 0; seq < 3; seq++) await moments.append(makeMoment(live.id, seq), []);
  await sessions.setState(over.id, 'ENDED');
  await sessions.setState(other.id, 'FAILED', { failure: 'gone' });
  const ask = async (streamIds: string[] | null, sessionIds: string[], since: Date) =>
    (await newest.sessions({ streamIds, sessionIds, since })).map(
      ({ session: { id, state }, newest: seq }) => [...[id, state, seq]],
    );
  const [first, second, third] = [
    [live.id, 'STARTING', 2],
    [over.id, 'ENDED', -1],
    [other.id, 'FAILED', -1],
  ];
  expect(await ask(null, [], LATER)).toEqual([first]);
  expect(await ask(null, [], EARLIER)).toEqual([first, second, third]);
  expect(await ask([over.streamId], [], EARLIER)).toEqual([second]);
  expect(await ask([over.streamId], [other.id], LATER)).toEqual([third]);
  expect(await ask([], [], EARLIER)).toEqual([]);
  expect(await ask(['nothing'], ['nothing'], EARLIER)).toEqual([]);
  expect(await newest.positions()).toEqual((await test.store.log.writers()).map((writer) => writer.newest));
});

it('streams that are gone are told', async () => {
  const { streams, newest } = test.store;
  const [kept, gone] = [await streams.create(STREAM), await streams.create(STREAM)];
  await streams.remove(gone.id);
  expect(await newest.goneOf([kept.id, gone.id, 'nothing'])).toEqual([gone.id, 'nothing']);
  expect(await newest.goneOf([])).toEqual([]);
});

it('tags that are read again are as they were', async () => {
  const { streams } = test.store;
  const stream = await streams.create({ ...STREAM, tags: { team: 'a' } });
  await streams.readTags(null);
  await streams.readTags(stream.id);
  expect(streams.tagsOf(stream.id)).toEqual({ team: 'a' });
});

describe.runIf(SERVER)('two servers on one database', () => {
  it('know each other by it, and what the other has tagged once they are told to read it', async () => {
    const other = await openStore({ rollUp, ...test.config, dataDir: `${test.config.dataDir}-other` });
    try {
      expect(await other.newest.databaseId()).toBe(await test.store.newest.databaseId());
      expect(await other.newest.databaseId()).toMatch(/^\d+-\d+$/);
      const stream = await test.store.streams.create({ ...STREAM, tags: { team: 'a' } });
      await other.streams.readTags(stream.id);
      expect(other.streams.tagsOf(stream.id)).toEqual({ team: 'a' });
      await test.store.streams.update(stream.id, { tags: { team: 'b' } });
      await other.streams.readTags(null);
      expect(other.streams.tagsOf(stream.id)).toEqual({ team: 'b' });
      await test.store.streams.remove(stream.id);
      await other.streams.readTags(null);
      expect(other.streams.tagsOf(stream.id)).toBeNull();
    } finally {
      await other.close();
    }
  });

  it('read the tags that others have changed also when nobody tells them to', async () => {
    const other = await openStore({ rollUp, ...test.config, dataDir: `${test.config.dataDir}-other` });
    try {
      // Both run sessions.
      await Promise.all([createSession(test.store), createSession(other)]);
      const stream = await test.store.streams.create({ ...STREAM, tags: { team: 'a' } });
      await expect.poll(() => other.streams.tagsOf(stream.id), PATIENT).toEqual({ team: 'a' });
      await test.store.streams.update(stream.id, { tags: { team: 'b' } });
      await expect.poll(() => other.streams.tagsOf(stream.id), PATIENT).toEqual({ team: 'b' });
    } finally {
      await other.close();
    }
  });

  it('know which others run sessions', async () => {
    const other = await openStore({ rollUp, ...test.config, dataDir: `${test.config.dataDir}-other` });
    try {
      await test.session();
      expect(other.newest.worker()).toBeNull();
      expect(await other.newest.otherWorkers()).toEqual([test.store.newest.worker()]);
      expect(await test.store.newest.otherWorkers()).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
