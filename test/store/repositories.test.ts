import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { SessionQueries } from '../../src/domain/session-queries.ts';
import { sessionSettings } from '../../src/domain/stream.ts';
import type { MomentSink, SessionRepository, StreamRepository } from '../../src/sessions/ports.ts';
import type { MomentHistory } from '../../src/subscriptions/ports.ts';
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

it('a stream should run while its session is not at its end, and it is stored with the session', async () => {
  const { sessions, streams } = db.store;
  const { id } = await streams.create(STREAM);
  const shouldRun = async () => (await streams.get(id))?.shouldRun;
  const begin = () => sessions.create({ streamId: id, modelId: MODEL.id });
  await expect(sessions.create({ streamId: id, modelId: 'none@0' })).rejects.toThrow('no model');
  expect(await shouldRun()).toBe(false);
  const first = await begin();
  expect(await shouldRun()).toBe(true);
  for (const state of ['RUNNING', 'RECONNECTING', 'INTERRUPTED'] as const) {
    await sessions.setState(first.id, state);
    expect(await shouldRun()).toBe(true);
  }
  for (const state of ['ENDED', 'FAILED'] as const) {
    await sessions.setState((await begin()).id, state);
    expect(await shouldRun()).toBe(false);
  }
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
  expect(await sessions.startedSince(second.startedAt, { streamId: stream.id })).toContainEqual(second);
  // One at a time, whoever begins it.
  await expect(sessions.create({ streamId: stream.id, modelId: MODEL.id })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('is running already'),
  });
  const left = [first.id, second.id, 'garbage'];
  expect((await sessions.interruptLive(left, 'It was cut off.')).map(({ id }) => id)).toEqual([second.id]);
  const third = await sessions.create({ streamId: stream.id, modelId: MODEL.id });
  await db.session();
  expect(await sessions.followersOf(first.id, 9)).toMatchObject([{ id: second.id }, third]);
  expect(await sessions.followersOf(first.id, 1)).toMatchObject([{ id: second.id }]);
  expect(await sessions.followersOf('garbage', 9)).toEqual([]);
  expect(await sessions.startedSince(new Date(0), { streamId: stream.id, limit: 1 })).toEqual([failed]);
  expect(await sessions.get(third.id)).toEqual(third);
  expect(await sessions.get(first.id)).toEqual(failed);
  await sessions.setState(third.id, 'ENDED');
  expect(await sessions.get(second.id)).toMatchObject({
    state: 'INTERRUPTED',
    failure: 'It was cut off.',
    endedAt: expect.any(Date),
  });
  expect(await sessions.live(stream.id)).toEqual([]);
  expect(await sessions.get('garbage')).toBeNull();
  await expect(sessions.setState('garbage', 'ENDED')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const nowhere = { streamId: stream.id, modelId: 'none@0' };
  await expect(sessions.create(nowhere)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('a session has the tags that its stream had, and its own, which count where both have a key', async () => {
  const { streams, sessions, prisma } = db.store;
  const stream = await streams.create({ ...STREAM, name: 'tagged', tags: { site: 'lab', room: '2' } });
  const begin = (words = {}) => sessions.create({ streamId: stream.id, modelId: MODEL.id, words });
  const row = async ({ id }: { id: string }) => {
    const { tags, ownTags, streamTags, label, notes } = await prisma.session.findUniqueOrThrow({
      where: { id },
    });
    expect(streamTags).toEqual(stream.tags);
    return { tags, ownTags, label, notes };
  };
  const plain = await begin();
  expect(await row(plain)).toEqual({ tags: stream.tags, ownTags: {}, label: null, notes: null });
  await sessions.setState(plain.id, 'ENDED');
  const own = await begin({ label: 'P-07', tags: { participant: 'P-07', room: '3' } });
  expect(await row(own)).toEqual({
    ...{ tags: { site: 'lab', room: '3', participant: 'P-07' }, ownTags: { participant: 'P-07', room: '3' } },
    ...{ label: 'P-07', notes: null },
  });
  expect(await sessions.describe(own.id, { notes: 'wore glasses' })).toEqual(own);
  await Promise.all([
    sessions.describe(own.id, { tags: { site: 'shop' } }),
    sessions.describe(own.id, { label: null }),
    sessions.describe(plain.id, {}),
  ]);
  const tags = { site: 'shop', room: '2' };
  expect(await row(own)).toEqual({ tags, ownTags: { site: 'shop' }, label: null, notes: 'wore glasses' });
  expect(await row(plain)).toMatchObject({ tags: stream.tags });
  await sessions.describe(own.id, { tags: {} });
  expect(await row(own)).toMatchObject({ tags: stream.tags, ownTags: {} });
  for (const id of [stream.id, 'garbage'])
    await expect(sessions.describe(id, { label: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await streams.remove(stream.id);
});

it('a failure that holds the one character that a database does not is stored all the same', async () => {
  const { sessions, streams } = db.store;
  const { id } = await streams.create({ ...STREAM, name: 'nul' });
  const session = await sessions.create({ streamId: id, modelId: MODEL.id });
  const lost = await sessions.setState(session.id, 'RECONNECTING', { failure: 'It said a\0b.' });
  expect(lost).toMatchObject({ state: 'RECONNECTING', failure: 'It said ab.' });
  expect(await sessions.setState(session.id, 'ENDED', { failure: null })).toMatchObject({ failure: null });
});

it.each(['INTERRUPTED', 'FAILED'] as const)(
  'an episode that lasts when its session is %s ends with its last reading',
  async (state) => {
    const { moments, sessions, prisma } = db.store;
    const { id } = await db.session();
    const episode = {
      index: 0,
      sessionId: id,
      track: 1,
      expression: 'ANGER',
      onset: 0,
      apex: 0.1,
      peak: 0.5,
      startedAt: new Date(0),
      endedAt: null,
    } as const;
    const events = [{ kind: 'ONSET', episode: { ...episode, offset: null } }] as const;
    const ended = { kind: 'OFFSET', episode: { ...episode, index: 1, offset: 0.1 } } as const;
    await Promise.all(
      [0, 1, 2].map((seq) => moments.append(makeMoment(id, seq), seq === 1 ? [...events, ended] : [])),
    );
    await moments.append(makeMoment(id, 3, { faces: 0 }), []);
    await sessions.setState(id, 'RECONNECTING');
    const open = await sessions.openEpisodes([id]);
    if (state === 'INTERRUPTED') await sessions.interruptLive([id], 'It was cut off.');
    else await sessions.setState(id, state);
    const stored = await prisma.episode.findMany({ where: { sessionId: id }, orderBy: { index: 'asc' } });
    expect(stored.map(({ offset }) => offset)).toEqual([0.2, 0.1]);
    expect(stored.slice(0, 1)).toMatchObject(open);
    expect(open.map(({ index, offset }) => [index, offset])).toEqual([[0, 0.2]]);
    expect(await sessions.openEpisodes([id])).toEqual([]);
  },
);

it('models are kept as their cards say', async () => {
  const changed = { ...MODEL, device: 'cuda' };
  await db.store.models.upsert(changed);
  const stored = await db.store.prisma.model.findMany();
  // Servers of before do not say in what numbers they compute.
  expect(stored).toEqual([{ ...changed, precision: 'single', updatedAt: expect.any(Date) }]);
  await db.store.models.upsert({ ...changed, precision: 'int8' });
  expect(await db.store.prisma.model.findMany()).toMatchObject([{ id: MODEL.id, precision: 'int8' }]);
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

it('a state that the store refuses for good is told from one that it may take later', async () => {
  const { store, session } = db;
  const { id } = await session();
  const wide = { width: 3_000_000_000, height: 1 };
  await expect(store.sessions.setState(id, 'RUNNING', { frame: wide })).rejects.toThrow();
  await expect(store.sessions.setState(id, 'RUNNING', { frame: wide })).rejects.not.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  const locked = Object.assign(new Error('locked'), { code: 'P2034' });
  const update = vi.spyOn(store.prisma.session, 'updateManyAndReturn').mockRejectedValueOnce(locked);
  onTestFinished(() => update.mockRestore());
  await expect(store.sessions.setState(id, 'RUNNING')).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    cause: locked,
  });
  expect(await store.sessions.setState(id, 'RUNNING')).toMatchObject({ state: 'RUNNING' });
});

it('a store that was closed refuses whatever is asked of it, and connects no more', async () => {
  const own = await createStore();
  const { id } = await own.session();
  const { store } = own;
  await store.close();
  const asked: Promise<unknown>[] = [
    store.ping(),
    store.prisma.stream.count(),
    store.prisma.$transaction(async (tx) => tx.stream.count()),
    store.streams.thatShouldRun(),
    store.sessions.setState(id, 'ENDED'),
    store.moments.append(makeMoment(id, 0), []),
    store.moments.finish(id, [], {}),
    store.moments.page(id, -1, 10),
    store.rollups.summaries([id]),
  ];
  const ends = await Promise.allSettled(asked);
  expect(ends.map(({ status }) => status)).toEqual(asked.map(() => 'rejected'));
  for (const end of ends) expect(String((end as PromiseRejectedResult).reason)).toMatch(/clos/);
  await own.dispose();
});

it('with what the live session of a stream was begun is known to whoever asks, until it has ended', async () => {
  const { streams, sessions } = db.store;
  const stream = await streams.create(STREAM);
  const settings = { ...sessionSettings(stream), frameRate: 3, timing: 'EVEN' } as const;
  expect(await sessions.begunWith(stream.id)).toBeNull();
  const session = await sessions.create({ streamId: stream.id, modelId: MODEL.id, settings });
  await streams.update(stream.id, { frameRate: 5 });
  expect(await sessions.begunWith(stream.id)).toEqual(settings);
  await sessions.setState(session.id, 'ENDED');
  expect(await sessions.begunWith(stream.id)).toBeNull();
  // As a server of an earlier version begins it.
  await sessions.create({ streamId: stream.id, modelId: MODEL.id });
  expect(await sessions.begunWith(stream.id)).toBeNull();
  expect(await sessions.begunWith('garbage')).toBeNull();
});
