import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MomentSink, SessionRepository, StreamRepository } from '../../src/sessions/ports.ts';
import type { MomentHistory, SessionQueries } from '../../src/subscriptions/ports.ts';
import { createStore, MODEL, STREAM, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

it('the store has what sessions and subscriptions ask for', () => {
  const { store } = db;
  const parts: {
    streams: StreamRepository;
    sessions: SessionRepository & SessionQueries;
    moments: MomentSink & MomentHistory;
  } = store;
  expect(parts).toBe(store);
});

it('streams are created, found and changed', async () => {
  const { streams } = db.store;
  expect(await streams.isEmpty()).toBe(true);
  const one = await streams.create({ ...STREAM, name: 'one' });
  const two = await streams.create({
    ...STREAM,
    name: 'two',
    source: { type: 'url', url: 'rtsp://camera/1' },
  });
  expect(one).toMatchObject({ ...STREAM, name: 'one', shouldRun: false });
  expect(Object.keys(one)).not.toContain('ordinal');
  expect(await streams.isEmpty()).toBe(false);
  expect(await streams.get(two.id)).toEqual(two);
  expect(await streams.get('garbage')).toBeNull();
  await streams.setShouldRun(one.id, true);
  expect(await streams.thatShouldRun()).toEqual([{ ...one, shouldRun: true }]);
  expect(await streams.byName('two')).toEqual([two]);
  expect([await streams.countCrash(one.id), await streams.countCrash(one.id)]).toEqual([1, 2]);
  await streams.forgetCrashes(one.id);
  expect([await streams.countCrash(one.id), await streams.countCrash(two.id)]).toEqual([1, 1]);
  expect(await streams.get(two.id)).not.toHaveProperty('crashes');
  await streams.forgetCrashes('garbage');
  await expect(streams.countCrash('garbage')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(streams.setShouldRun('garbage', true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('sessions go through their states', async () => {
  const { sessions, streams } = db.store;
  const stream = await streams.create(STREAM);
  const first = await sessions.create({ streamId: stream.id, modelId: MODEL.id });
  expect(first).toMatchObject({ state: 'STARTING', failure: null, endedAt: null });
  expect((await sessions.setState(first.id, 'RUNNING')).endedAt).toBeNull();
  const sizeOf = () =>
    db.store.prisma.session.findUnique({
      where: { id: first.id },
      select: { frameWidth: true, frameHeight: true },
    });
  expect(await sizeOf()).toEqual({ frameWidth: null, frameHeight: null });
  await sessions.setState(first.id, 'RUNNING', { frame: { width: 640, height: 360 } });
  const failed = await sessions.setState(first.id, 'FAILED', { failure: 'No frames.' });
  expect(await sizeOf()).toEqual({ frameWidth: 640, frameHeight: 360 });
  expect(failed).toMatchObject({ state: 'FAILED', failure: 'No frames.', endedAt: expect.any(Date) });
  const second = await sessions.create({ streamId: stream.id, modelId: MODEL.id });
  expect(await sessions.latest(stream.id)).toEqual(second);
  expect(await sessions.live(stream.id)).toEqual([second]);
  expect(await sessions.startedSince(second.startedAt, stream.id)).toContainEqual(second);
  const third = await sessions.create({ streamId: stream.id, modelId: MODEL.id });
  const left = [first.id, second.id, 'garbage'];
  expect((await sessions.interruptLive(left)).map(({ id }) => id)).toEqual([second.id]);
  expect(await sessions.get(third.id)).toEqual(third);
  expect(await sessions.get(first.id)).toEqual(failed);
  await sessions.setState(third.id, 'ENDED');
  expect(await sessions.get(second.id)).toMatchObject({ state: 'INTERRUPTED', endedAt: expect.any(Date) });
  expect(await sessions.live(stream.id)).toEqual([]);
  expect(await sessions.get('garbage')).toBeNull();
  await expect(sessions.setState('garbage', 'ENDED')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const nowhere = { streamId: stream.id, modelId: 'none@0' };
  await expect(sessions.create(nowhere)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('models are kept as their cards say', async () => {
  const changed = { ...MODEL, device: 'cuda' };
  await db.store.models.upsert(changed);
  const stored = await db.store.prisma.model.findMany();
  expect(stored).toEqual([{ ...changed, updatedAt: expect.any(Date) }]);
});

it('a removed stream takes all that was recorded with it', async () => {
  const { store } = db;
  const { id, streamId } = await db.session();
  const kept = await db.session();
  await Promise.all([0, 1, 2].map((seq) => store.moments.append(makeMoment(id, seq), [])));
  await store.moments.append(makeMoment(kept.id, 0), []);
  await store.streams.remove(streamId);
  const where = { where: { sessionId: id } };
  expect(await store.prisma.moment.count(where)).toBe(0);
  expect(await store.prisma.reading.count(where)).toBe(0);
  expect(await store.prisma.rollup.count(where)).toBe(0);
  expect(await store.prisma.track.count(where)).toBe(0);
  expect(await store.sessions.get(id)).toBeNull();
  expect(await store.moments.page(kept.id, -1, 10)).toHaveLength(1);
  await expect(store.streams.remove(streamId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('removing while moments arrive leaves nothing behind', async () => {
  const { store } = db;
  const { id, streamId } = await db.session();
  const appends = Array.from({ length: 300 }, (_, seq) => store.moments.append(makeMoment(id, seq), []));
  const settled = Promise.allSettled(appends);
  await appends[0];
  await store.streams.remove(streamId);
  const reasons = (await settled).flatMap((result) =>
    result.status === 'rejected' ? [result.reason.code] : [],
  );
  expect(new Set(reasons)).not.toContain(undefined);
  expect(await store.prisma.moment.count({ where: { sessionId: id } })).toBe(0);
  expect(await store.prisma.reading.count({ where: { sessionId: id } })).toBe(0);
});
