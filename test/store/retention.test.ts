import { afterAll, beforeAll, expect, it } from 'vitest';
import { quantise } from '../../src/domain/quantise.ts';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createSession, createStore, MODEL, STREAM, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const NOW = Date.UTC(2026, 5, 10, 15);
const days = (count: number) => count * 86_400_000;

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

async function record(start: number, count = 5) {
  const session = await db.session();
  const append = (seq: number) => db.store.moments.append(makeMoment(session.id, seq, { start }), []);
  await Promise.all(Array.from({ length: count }, (_, seq) => append(seq)));
  await db.store.sessions.setState(session.id, 'ENDED');
  return session.id;
}

async function partitions(): Promise<string[]> {
  const rows = await db.store.prisma.$queryRaw<{ name: string }[]>`
    SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'reading'::regclass ORDER BY 1`;
  return rows.map(({ name }) => name);
}

it('retention drops days that are older, with the sessions that ended in them', async () => {
  const old = await record(NOW - days(9));
  const kept = await record(NOW - days(3));
  // From before midnight until after it, of the oldest day that is kept.
  const half = await record(Date.UTC(2026, 5, 2, 23, 59, 59, 800));
  expect(await partitions()).toContain('reading_20260601');

  const dropped = await db.store.expire(7 * 24, { now: NOW });

  expect(dropped).toEqual({ partitions: 4, sessions: 1, moments: 0 });
  expect(await partitions()).not.toContain('reading_20260602');
  expect(await db.store.sessions.get(old)).toBeNull();
  expect(await db.store.prisma.rollup.count({ where: { sessionId: old } })).toBe(0);
  expect(await db.store.moments.page(kept, -1, 10)).toHaveLength(5);
  expect(await db.store.moments.extent(kept)).toEqual({ oldest: 0, newest: 4 });
  expect(await db.store.moments.extent(half)).toEqual({ oldest: 2, newest: 4 });
  expect((await db.store.moments.page(half, -1, 10)).map(({ seq }) => seq)).toEqual([2, 3, 4]);
  expect((await summaryOf(db.store, half)).frames).toBe(5);
});

it('of a session that goes on, sums, episodes and tracks of the hours before the oldest day are dropped, and the rest adds up', async () => {
  const { store } = db;
  const session = await db.session();
  // One each ten minutes for ten hours, 5 h 10 min of them before midnight of the oldest day that is kept.
  const shape = { start: Date.UTC(2026, 5, 2, 18, 50), frameRate: 1 / 600 };
  const moments = Array.from({ length: 60 }, (_, seq) =>
    quantise(makeMoment(session.id, seq, { ...shape, faces: seq < 20 ? 2 : 1 })),
  );
  const episode = {
    sessionId: session.id,
    track: 1,
    expression: 'FEAR',
    onset: 600,
    apex: 600,
    peak: 0.6,
    startedAt: new Date(0),
    endedAt: null,
  } as const;
  const ended = [10_000, 20_000, null].map((offset, index) => ({ ...episode, index, offset }));
  await Promise.all(
    moments.map((moment, at) =>
      store.moments.append(moment, at > 0 ? [] : ended.map((each) => ({ kind: 'OFFSET', episode: each }))),
    ),
  );
  const hour = 3600;
  await store.sessions.mark(
    session.id,
    [5 * hour - 1, 5 * hour].map((media) => ({ name: 'x', when: { media } })),
  );
  await store.sessions.setState(session.id, 'RUNNING');
  await store.expire(7 * 24, { now: NOW });

  const where = { where: { sessionId: session.id } };
  const cut = 5 * hour;
  expect((await store.prisma.marker.findMany(where)).map(({ time }) => time)).toEqual([cut]);
  const kept = moments.filter(({ mediaTime }) => mediaTime >= cut);
  const { firstDay } = (await store.prisma.session.findUnique({ where: { id: session.id } }))!;
  expect(firstDay).toEqual(new Date(Date.UTC(2026, 5, 3)));
  expect((await store.prisma.rollup.aggregate({ ...where, _min: { second: true } }))._min.second).toBe(cut);
  expect((await store.prisma.track.findMany(where)).map(({ track }) => track)).toEqual([1]);
  expect((await store.prisma.episode.findMany(where)).map(({ index }) => index).sort()).toEqual([1, 2]);
  const summary = await summaryOf(store, session.id);
  expect([summary.start, summary.frames, summary.readings]).toEqual([cut, kept.length, kept.length]);
  const buckets = await store.rollups.aggregate(session.id, { bucketMs: 7_200_000 });
  expect(buckets.reduce((sum, { frames }) => sum + frames, 0)).toBe(kept.length);
  expect(await store.moments.extent(session.id)).toEqual({ oldest: 31, newest: 59 });

  await store.expire(0, { now: NOW });
  expect(await store.prisma.rollup.count(where)).toBe(0);
  await store.moments.append(makeMoment(session.id, 60, { start: NOW }), []);
  expect((await store.moments.page(session.id, -1, 10)).map(({ seq }) => seq)).toEqual([60]);
  expect((await summaryOf(store, session.id)).frames).toBe(1);
});

it('retention never drops a session that runs', async () => {
  const session = await createSession(db.store);
  await db.store.moments.append(makeMoment(session.id, 0, { start: NOW - days(40) }), []);
  await db.store.expire(7 * 24, { now: NOW });
  expect(await db.store.sessions.get(session.id)).not.toBeNull();
  expect(await db.store.moments.extent(session.id)).toEqual({ oldest: null, newest: 0 });
  // A day that was dropped comes back when something is written to it.
  await db.store.moments.append(makeMoment(session.id, 1, { start: NOW - days(40) }), []);
  expect(await db.store.moments.extent(session.id)).toEqual({ oldest: 1, newest: 1 });
});

it('retention starts by itself where days are configured', async () => {
  const id = await record(NOW - days(60));
  await db.store.close();
  db.store = await openStore({ rollUp, ...db.config, retentionHours: 24 });
  const closing = db.store;
  await expect.poll(() => closing.sessions.get(id), { timeout: 60_000 }).toBeNull();
});

/** Of a stream with a retention of its own: two moments a minute before `start`, two from then on. */
async function recordOf(retention: number | null, start: number) {
  const { store } = db;
  const stream = await store.streams.create({ ...STREAM, retention });
  const { id } = await store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
  for (const [seq, offset] of [-60_000, -1, 0, 60_000].entries()) {
    await store.moments.append({ ...makeMoment(id, seq), wallTime: start + offset }, []);
  }
  await store.sessions.setState(id, 'ENDED');
  return id;
}

async function seqsOf(id: string) {
  return (await db.store.moments.page(id, -1, 10)).map(({ seq }) => seq);
}

it('each stream keeps what it recorded for as long as it says, longer or shorter than the server', async () => {
  const now = Date.UTC(2031, 5, 10, 15, 30);
  const hours = (count: number) => now - count * 3_600_000;
  const midnight = (daysAgo: number) => Date.UTC(2031, 5, 10 - daysAgo);
  const twelveHours = await recordOf(12, hours(12));
  const yesterday = await recordOf(12, hours(30));
  const twoDays = await recordOf(48, midnight(2));
  const month = await recordOf(720, midnight(30));
  const asServer = await recordOf(null, midnight(7));
  await db.store.expire(7 * 24, { now });
  expect(await seqsOf(twelveHours)).toEqual([2, 3]);
  expect(await db.store.sessions.get(yesterday)).toBeNull();
  expect(await seqsOf(twoDays)).toEqual([2, 3]);
  expect(await seqsOf(month)).toEqual([2, 3]);
  expect(await seqsOf(asServer)).toEqual([2, 3]);
  for (const id of [twelveHours, twoDays, month, asServer]) {
    expect(await db.store.moments.extent(id)).toEqual({ oldest: 2, newest: 3 });
    const [{ count }] = (await db.store.prisma.$queryRaw`
      SELECT count(*)::int AS count FROM reading WHERE session_id = ${id}::uuid`) as [{ count: number }];
    expect(count).toBe(2);
  }
  // None keeps days before these; a server that keeps everything keeps the rest, too.
  expect((await partitions())[0]).toBe('reading_20310511');
  await db.store.expire(null, { now: now + days(365) });
  expect(await seqsOf(asServer)).toEqual([2, 3]);
  expect(await db.store.sessions.get(month)).toBeNull();
});

it('while the rows of a stream are deleted in batches, commits of others go on', async () => {
  const { store } = db;
  const stream = await store.streams.create({ ...STREAM, retention: 1 });
  const { id } = await store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
  const start = Date.UTC(2031, 5, 10, 12);
  const old = Array.from({ length: 200 }, (_, seq) => makeMoment(id, seq, { start }));
  await Promise.all(old.map((moment) => store.moments.append(moment, [])));
  const other = await db.session();
  const order: string[] = [];
  const stop = store.onQuery((sql) => {
    if (sql.startsWith('DELETE FROM moment')) order.push('deleted');
    if (sql.includes('INSERT INTO moment')) order.push('committed');
  });
  let expiring = true;
  const expired = store.expire(null, { now: start + days(1), batch: 10 }).finally(() => {
    expiring = false;
  });
  for (let seq = 0; expiring; seq++) await store.moments.append(makeMoment(other.id, seq, { start }), []);
  stop();
  expect((await expired).moments).toBe(200);
  // Neither waits for the other to be through.
  expect(order.filter((what) => what === 'deleted')).toHaveLength(20);
  const between = order.slice(order.indexOf('deleted'), order.lastIndexOf('deleted'));
  expect(between).toContain('committed');
  expect(await store.sessions.get(id)).not.toBeNull();
  expect(await seqsOf(id)).toEqual([]);
});
