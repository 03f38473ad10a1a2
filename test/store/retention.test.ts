import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createSession, createStore, summaryOf, type TestStore } from '../helpers/database.ts';
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

  const dropped = await db.store.dropOlderThan(7, NOW);

  expect(dropped).toEqual({ partitions: 4, sessions: 1 });
  expect(await partitions()).not.toContain('reading_20260602');
  expect(await db.store.sessions.get(old)).toBeNull();
  expect(await db.store.prisma.rollup.count({ where: { sessionId: old } })).toBe(0);
  expect(await db.store.moments.page(kept, -1, 10)).toHaveLength(5);
  expect(await db.store.moments.extent(kept)).toEqual({ oldest: 0, newest: 4 });
  expect(await db.store.moments.extent(half)).toEqual({ oldest: 2, newest: 4 });
  expect((await db.store.moments.page(half, -1, 10)).map(({ seq }) => seq)).toEqual([2, 3, 4]);
  expect((await summaryOf(db.store, half)).frames).toBe(5);
});

it('retention never drops a session that runs', async () => {
  const session = await createSession(db.store);
  await db.store.moments.append(makeMoment(session.id, 0, { start: NOW - days(40) }), []);
  await db.store.dropOlderThan(7, NOW);
  expect(await db.store.sessions.get(session.id)).not.toBeNull();
  expect(await db.store.moments.extent(session.id)).toEqual({ oldest: null, newest: 0 });
  // A day that was dropped comes back when something is written to it.
  await db.store.moments.append(makeMoment(session.id, 1, { start: NOW - days(40) }), []);
  expect(await db.store.moments.extent(session.id)).toEqual({ oldest: 1, newest: 1 });
});

it('retention starts by itself where days are configured', async () => {
  const id = await record(NOW - days(60));
  await db.store.close();
  db.store = await openStore({ rollUp, ...db.config, retentionDays: 1 });
  const closing = db.store;
  await expect.poll(() => closing.sessions.get(id), { timeout: 60_000 }).toBeNull();
});
