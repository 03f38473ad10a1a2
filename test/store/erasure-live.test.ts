/** Erasing where something runs, where retention has been, and what goes with a session. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ErasureRequest, LiveSession } from '../../src/domain/erasure.ts';
import type { EpisodeEvent } from '../../src/domain/moment.ts';
import { createStore, MODEL, SERVER, STREAM, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const requester = { kind: 'COMMAND', id: 'command', name: 'root' } as const;
const uploads: string[] = [];

async function erase(
  request: ErasureRequest,
  stop: (live: readonly LiveSession[]) => Promise<void> = async () => {},
) {
  const { erasures, prisma } = db.store;
  const { id } = await erasures.begin({ request, requester, reason: 'asked for' }, stop);
  await erasures.run(id, { removeUpload: async (token) => void uploads.push(token) });
  return prisma.erasure.findUniqueOrThrow({ where: { id } });
}

const stretch = (sessionId: string, from: number, to: number): ErasureRequest => ({
  ...{ type: 'RANGE', sessionId, streamId: null, clock: 'MEDIA' },
  ...{ from, to },
});

async function append(id: string, seq: number, events: EpisodeEvent[] = []) {
  await db.store.moments.append(makeMoment(id, seq), events, seq > 0 ? makeMoment(id, seq - 1) : undefined);
}

async function running(count: number) {
  const { id, streamId } = await db.session();
  await db.store.sessions.setState(id, 'RUNNING');
  for (let seq = 0; seq < count; seq++) await append(id, seq);
  return { id, streamId };
}

it('a stretch of a session that runs goes once two moments stand behind it, and what comes then adds up', async () => {
  const { id } = await running(21);
  await expect(erase(stretch(id, 0.5, 2))).rejects.toMatchObject({ code: 'CONFLICT' });
  await append(id, 21);
  expect((await erase(stretch(id, 0.5, 2))).moments).toBe(15);
  for (let seq = 22; seq < 30; seq++) await append(id, seq);
  await db.store.sessions.setState(id, 'ENDED');
  const summary = await summaryOf(db.store, id);
  expect(summary).toMatchObject({ frames: 15, readings: 15, coverage: 1 });
  expect(summary.covered).toBeCloseTo(1.5, 5);
  const buckets = await db.store.rollups.aggregate(id, { bucketMs: 1000 });
  expect(buckets.map(({ start, frames }) => [start, frames])).toEqual([
    [0, 5],
    [2, 10],
  ]);
});

it('a stretch of a session that runs is refused while moments of it may still come, also where none is stored yet', async () => {
  const { id, streamId } = await running(3);
  const start = makeMoment(id, 0).wallTime;
  const wall = (from: number, to: number): ErasureRequest => ({
    ...{ type: 'RANGE', sessionId: null, streamId, clock: 'WALL' },
    ...{ from: start + from * 1000, to: start + to * 1000 },
  });
  for (const request of [stretch(id, 0.25, 2), stretch(id, 5, 6), wall(0.25, 2), wall(-60, 86_400)]) {
    await expect(erase(request)).rejects.toMatchObject({ code: 'CONFLICT' });
  }
  expect(await erase(wall(-60, 0))).toMatchObject({ moments: 0 });
  await db.store.sessions.setState(id, 'ENDED');
  expect(await erase(stretch(id, 0.25, 2))).toMatchObject({ moments: 0 });
});

it('a stretch of a session that has stored nothing yet is refused where it ends behind its start', async () => {
  const { id, streamId } = await running(0);
  const { startedAt } = await db.store.prisma.session.findUniqueOrThrow({ where: { id } });
  const wall = (from: number, to: number): ErasureRequest => ({
    ...{ type: 'RANGE', sessionId: null, streamId, clock: 'WALL' },
    ...{ from: startedAt.getTime() + from, to: startedAt.getTime() + to },
  });
  await expect(erase(stretch(id, 0, 1))).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(erase(wall(-1000, 1000))).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await erase(wall(-1000, 0))).toMatchObject({ moments: 0 });
});

const fearOf = (sessionId: string) =>
  ({
    ...({ sessionId, index: 0, track: 1, expression: 'FEAR', onset: 0.5, apex: 0.5, peak: 0.6 } as const),
    ...{ startedAt: new Date(0), endedAt: null },
  }) as const;

it('an episode that an erased stretch has cut is not written again when it ends', async () => {
  const { id } = await running(10);
  const episode = fearOf(id);
  await append(id, 10, [{ kind: 'ONSET', episode: { ...episode, offset: null } }]);
  for (const seq of [11, 12]) await append(id, seq);
  expect((await erase(stretch(id, 0.5, 1))).episodes).toBe(1);
  const next = { ...episode, index: 1, onset: 1, offset: 1.3 };
  await append(id, 13, [
    { kind: 'OFFSET', episode: { ...episode, offset: 1.2 } },
    { kind: 'OFFSET', episode: next },
  ]);
  const episodes = await db.store.prisma.episode.findMany({ where: { sessionId: id } });
  expect(episodes.map(({ index }) => index)).toEqual([1]);
});

it.runIf(SERVER)(
  'an episode that ends while the last of its stretch is erased is not written again',
  async () => {
    const { store } = db;
    const { id } = await running(10);
    const episode = fearOf(id);
    await append(id, 10, [{ kind: 'ONSET', episode: { ...episode, offset: null } }]);
    for (const seq of [11, 12]) await append(id, seq);
    const order = { request: stretch(id, 0.5, 1), requester, reason: 'asked for' };
    const record = await store.erasures.begin(order, async () => {});
    const waiting = (count: number) =>
      expect.poll(() => waitingForSession(), { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
    // Whoever comes first is first in line: the erasure, then the commit, which looked at the database before that was done.
    const done = await store.prisma.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM session WHERE id = ${id}::uuid FOR UPDATE`;
        const erased = store.erasures.run(record.id, { removeUpload: async () => {} });
        await waiting(1);
        const appended = append(id, 13, [{ kind: 'OFFSET', episode: { ...episode, offset: 1.2 } }]);
        await waiting(2);
        return [erased, appended];
      },
      { timeout: 120_000 },
    );
    await Promise.all(done);
    expect(await store.prisma.episode.findMany({ where: { sessionId: id } })).toEqual([]);
    expect(await store.erasures.unfinished()).toEqual([]);
  },
);

async function waitingForSession(): Promise<number> {
  const [row] = await db.store.prisma.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  return row!.count;
}

it('a stretch of a session waits for the one before it, which changes what it would leave', async () => {
  const { store } = db;
  const { id } = await db.session();
  const times = [0, 0.1, 0.2, 2.2, 4.2, 4.3, 4.4];
  const moments = times.map((mediaTime, seq) => ({
    ...makeMoment(id, seq),
    ...{ mediaTime, dropped: {}, previousDuration: [0, 0.1, 0.1, 2, 2, 0.1, 0.1][seq]! },
  }));
  for (const [seq, moment] of moments.entries()) await store.moments.append(moment, [], moments[seq - 1]);
  await store.sessions.setState(id, 'ENDED');
  const order = (from: number, to: number) => ({ request: stretch(id, from, to), requester, reason: 'x' });
  const first = await store.erasures.begin(order(0.2, 2), async () => {});
  await expect(store.erasures.begin(order(2, 4), async () => {})).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(first.id),
  });
  await store.erasures.run(first.id, { removeUpload: async () => {} });
  await erase(stretch(id, 2, 4));
  const left = await store.moments.page(id, -1, 10);
  expect(left.map(({ mediaTime, previousDuration }) => [mediaTime, previousDuration])).toEqual([
    [0, 0],
    [0.1, 0.1],
    [4.2, 0.1],
    [4.3, 0.1],
    [4.4, 0.1],
  ]);
});

it('a session that runs and goes as a whole is stopped first, and stays where it cannot be', async () => {
  const { id, streamId } = await running(3);
  const asked: unknown[] = [];
  const refuse = async (live: readonly LiveSession[]) => {
    asked.push(...live);
    throw new Error('it runs elsewhere');
  };
  await expect(erase({ type: 'SESSION', sessionId: id }, refuse)).rejects.toThrow('elsewhere');
  expect(asked).toEqual([{ sessionId: id, streamId }]);
  expect(await db.store.prisma.moment.count({ where: { sessionId: id } })).toBe(3);
  expect(await db.store.erasures.unfinished()).toEqual([]);
});

it('a track of a session that runs goes once its face was gone for ten seconds', async () => {
  const { id } = await running(3);
  const track: ErasureRequest = { type: 'TRACK', sessionId: id, track: 1 };
  await expect(erase(track)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('Track 1'),
  });
  await db.store.moments.append({ ...makeMoment(id, 3), mediaTime: 13, faces: [] }, [], makeMoment(id, 2));
  expect(await erase(track)).toMatchObject({ readings: 3, tracks: 1 });
  expect(await db.store.prisma.rollup.count({ where: { sessionId: id, track: 1 } })).toBe(0);
  expect(await summaryOf(db.store, id)).toMatchObject({ frames: 4, readings: 0 });
  await expect(erase(track)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('an upload goes with the last session that used it, and with the stream that was made of it', async () => {
  const create = async (token: string) => {
    const stream = await db.store.streams.create({ ...STREAM, source: { type: 'upload', token } });
    const begin = async () => {
      const { id } = await db.store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
      await append(id, 0);
      await db.store.sessions.setState(id, 'ENDED');
      return id;
    };
    return { streamId: stream.id, begin };
  };
  const alone = await create('alone');
  const [first, second] = [await alone.begin(), await alone.begin()];
  expect(await erase({ type: 'SESSION', sessionId: first })).toMatchObject({ uploads: 0, streams: 0 });
  expect(await db.store.streams.get(alone.streamId)).not.toBeNull();
  expect(await erase({ type: 'SESSION', sessionId: second })).toMatchObject({ uploads: 1, streams: 1 });
  expect(await db.store.streams.get(alone.streamId)).toBeNull();
  const [one, other] = [await create('shared'), await create('shared')];
  await other.begin();
  expect(await erase({ type: 'SESSION', sessionId: await one.begin() })).toMatchObject({ uploads: 0 });
  expect(uploads).toEqual(['alone']);
});

it('of what retention has cut, a stretch takes the sums that are left without their moments', async () => {
  const { store } = db;
  const { id } = await db.session();
  // One each minute for two hours, 50 minutes of them before midnight of the oldest day that is kept.
  const shape = { start: Date.UTC(2026, 5, 2, 23, 10), frameRate: 1 / 60 };
  const moments = Array.from({ length: 120 }, (_, seq) => makeMoment(id, seq, shape));
  await Promise.all(moments.map((moment, at) => store.moments.append(moment, [], moments[at - 1])));
  await store.sessions.setState(id, 'ENDED');
  await store.expire(7 * 24, { now: Date.UTC(2026, 5, 10, 15) });
  expect(await summaryOf(store, id)).toMatchObject({ frames: 120 });
  await erase(stretch(id, 600, 1200));
  // The sums of ten minutes are gone, and those around them stay.
  const buckets = await store.rollups.aggregate(id, { bucketMs: 600_000 });
  expect(buckets.map(({ start, frames }) => [start, frames])).toEqual(
    Array.from({ length: 12 }, (_, at) => [at * 600, 10]).filter(([start]) => start !== 600),
  );
  const start = shape.start;
  const record = await erase({
    ...{ type: 'RANGE', sessionId: id, streamId: null, clock: 'WALL' },
    ...{ from: start + 40 * 60_000, to: start + 60 * 60_000 },
  });
  expect(record.moments).toBe(10);
  expect(await summaryOf(store, id)).toMatchObject({ frames: 60, coverage: 1 });
});

it('a stretch of all sessions of a stream goes by the wall clock', async () => {
  const { store } = db;
  const stream = await store.streams.create(STREAM);
  const start = Date.UTC(2026, 10, 25, 12);
  const ids: string[] = [];
  for (const offset of [0, 1000]) {
    const { id } = await store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
    for (let seq = 0; seq < 10; seq++) {
      await store.moments.append(makeMoment(id, seq, { start: start + offset }), []);
    }
    await store.sessions.setState(id, 'ENDED');
    ids.push(id);
  }
  const range = { type: 'RANGE', sessionId: null, streamId: stream.id, clock: 'WALL' } as const;
  const record = await erase({ ...range, from: start + 500, to: start + 1500 });
  expect([record.moments, record.sessionIds]).toEqual([10, ids]);
  const left = await Promise.all(ids.map((id) => store.moments.page(id, -1, 100)));
  expect(left.map((page) => page.map(({ seq }) => seq))).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7, 8, 9],
  ]);
  const empty = await erase({ ...range, from: start + 500, to: start + 1500 });
  expect([empty.moments, empty.finishedAt === null]).toEqual([0, false]);
});
