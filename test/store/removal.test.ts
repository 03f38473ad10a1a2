/** What was recorded goes with its session: all of it, or none of it and it can be asked for again. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { removeOrphans, removeStream } from '../../src/store/upkeep/removal.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, MODEL, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());
afterEach(() => mend());

/** From now on nothing can be deleted from these tables; the database says why with this SQLSTATE. */
async function breakDeleting(tables: readonly string[], state: string): Promise<void> {
  await db.store.prisma.$executeRawUnsafe(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'broken by a test' USING ERRCODE = '${state}'; END $$`);
  for (const table of tables) {
    await db.store.prisma.$executeRawUnsafe(
      `CREATE TRIGGER broken BEFORE DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION fail()`,
    );
  }
}

async function mend(): Promise<void> {
  for (const table of ['moment', 'reading', 'rollup', 'session', 'stream']) {
    await db.store.prisma.$executeRawUnsafe(`DROP TRIGGER IF EXISTS broken ON ${table}`);
  }
}

/** Rows of a session in every table that names one. */
async function rowsOf(sessionId: string): Promise<number[]> {
  const { moment, reading, rollup, track } = db.store.prisma;
  const where = { where: { sessionId } };
  return [
    await moment.count(where),
    await reading.count(where),
    await rollup.count(where),
    await track.count(where),
  ];
}

async function recorded(): Promise<{ id: string; streamId: string }> {
  const session = await db.session();
  await Promise.all([0, 1, 2].map((seq) => db.store.moments.append(makeMoment(session.id, seq), [])));
  return session;
}
const NOTHING = [0, 0, 0, 0];
/** As a version left it that deleted the session first, and failed then. */
const orphan = (id: string) => db.store.prisma.$executeRaw`DELETE FROM session WHERE id = ${id}::uuid`;

it.each(['moment', 'reading', 'rollup', 'session', 'stream'])(
  'a stream whose removal fails at its %s rows is all there, and can be removed again',
  async (table) => {
    const { store } = db;
    const { id, streamId } = await recorded();
    const before = await rowsOf(id);
    await breakDeleting([table], 'P0001');
    await expect(store.streams.remove(streamId)).rejects.toThrow();
    expect(await rowsOf(id)).toEqual(before);
    expect([await store.streams.get(streamId), await store.sessions.get(id)]).not.toContain(null);
    await mend();
    await store.streams.remove(streamId);
    expect(await rowsOf(id)).toEqual(NOTHING);
    expect([await store.streams.get(streamId), await store.sessions.get(id)]).toEqual([null, null]);
  },
);

it('retention that fails half way finishes in its next round', async () => {
  const { store } = db;
  const session = await db.session();
  const start = Date.UTC(2001, 0, 1, 12);
  await store.moments.append(makeMoment(session.id, 0, { start }), []);
  await store.sessions.setState(session.id, 'ENDED');
  await breakDeleting(['rollup'], 'P0001');
  await expect(store.expire(7 * 24)).rejects.toThrow();
  expect(await store.sessions.get(session.id)).not.toBeNull();
  await mend();
  await store.expire(7 * 24);
  expect(await rowsOf(session.id)).toEqual(NOTHING);
});

/** What became of each: `stored`, or the code of its error. */
async function outcomesOf(commits: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(commits);
  return settled.map((result) => (result.status === 'rejected' ? result.reason.code : 'stored'));
}
const faceless = (id: string, seq: number) =>
  db.store.moments.append({ ...makeMoment(id, seq), faces: [] }, []);

// A moment without faces writes to no table that refers to sessions: nothing but the statement itself keeps it out.
it('moments without faces whose session is gone are not written, so that nothing must be deleted after them', async () => {
  const [gone, kept] = [await db.session(), await db.session()];
  await orphan(gone.id);
  // Were they written first, deleting them would fail as if the database were away, and the repeated batch find them stored.
  await breakDeleting(['moment'], '57P01');
  const commits = [faceless(gone.id, 0), faceless(kept.id, 0), faceless(gone.id, 1), faceless(kept.id, 1)];
  expect(await outcomesOf(commits)).toEqual(['NOT_FOUND', 'stored', 'NOT_FOUND', 'stored']);
  expect(await rowsOf(gone.id)).toEqual(NOTHING);
  expect(await db.store.moments.page(kept.id, -1, 10)).toHaveLength(2);
});

it('faces and the end of a session that is gone are refused, and those of another session stored', async () => {
  const { store } = db;
  const [gone, kept] = [await db.session(), await db.session()];
  await orphan(gone.id);
  const commits = [gone.id, kept.id].flatMap((id) => [
    faceless(id, 0),
    store.moments.append(makeMoment(id, 1), []),
    store.moments.finish(id, [], { busy: 1 }),
  ]);
  expect(await outcomesOf(commits)).toEqual([...Array(3).fill('NOT_FOUND'), ...Array(3).fill('stored')]);
  expect(await rowsOf(gone.id)).toEqual(NOTHING);
  expect(await store.moments.page(kept.id, -1, 10)).toHaveLength(2);
  expect(await summaryOf(store, kept.id)).toMatchObject({ frames: 2, dropped: { busy: 1 } });
});

it('a session cannot begin in a stream that is being removed', async () => {
  const { store } = db;
  for (let round = 0; round < 5; round++) {
    const { streamId } = await recorded();
    const begun = store.sessions.create({ streamId, modelId: MODEL.id }).then(
      async ({ id }) => {
        await store.moments.append(makeMoment(id, 0), []).catch(() => {});
        return id;
      },
      () => null,
    );
    await store.streams.remove(streamId);
    const id = await begun;
    if (id !== null) expect(await rowsOf(id)).toEqual(NOTHING);
  }
});

it('rows that earlier versions left without a session are found and removed', async () => {
  const { store } = db;
  const [one, two, kept] = [await recorded(), await recorded(), await recorded()];
  await store.moments.append(makeMoment(one.id, 3, { start: Date.UTC(2026, 4, 1) }), []);
  await orphan(one.id);
  await orphan(two.id);
  await store.prisma.moment.deleteMany({ where: { sessionId: two.id } });
  await store.prisma.reading.deleteMany({ where: { sessionId: two.id } });
  const before = await rowsOf(kept.id);
  expect(await store.dropOrphans()).toBe(2);
  expect([await rowsOf(one.id), await rowsOf(two.id)]).toEqual([NOTHING, NOTHING]);
  expect(await rowsOf(kept.id)).toEqual(before);
  expect(await store.dropOrphans()).toBe(0);
});

it('the upkeep removes rows without a session at every start, also where everything is kept', async () => {
  const { id } = await recorded();
  await orphan(id);
  await db.store.close();
  db.store = await openStore({ rollUp, ...db.config });
  await expect.poll(() => rowsOf(id), { timeout: 60_000 }).toEqual(NOTHING);
});

it('orphans are looked for though another server drops a partition meanwhile', async () => {
  const { store } = db;
  const left = await recorded();
  await orphan(left.id);
  const day = Date.UTC(2002, 0, 1, 12);
  const session = await db.session();
  await store.moments.append(makeMoment(session.id, 0, { start: day }), []);
  const dropped: string[] = [];
  /** Drops the old partition when it is about to be read. */
  const prisma = new Proxy(store.prisma, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (key !== '$queryRawUnsafe') return typeof value === 'function' ? value.bind(target) : value;
      return async (sql: string) => {
        const [partition] = /\b(?:moment|reading)_20020101\b/.exec(sql) ?? [];
        if (partition) {
          dropped.push(partition);
          await target.$executeRawUnsafe(`DROP TABLE ${partition}`);
        }
        return target.$queryRawUnsafe(sql);
      };
    },
  });
  expect(await removeOrphans(prisma)).toBe(1);
  expect(dropped).toContain('moment_20020101');
  expect(await rowsOf(left.id)).toEqual(NOTHING);
});

it('of a long session commits go on between the parts of its removal, and nothing is left', async () => {
  const { store } = db;
  const { id, streamId } = await db.session();
  const seqs = Array.from({ length: 25 }, (_, seq) => seq);
  await Promise.all(seqs.map((seq) => store.moments.append(makeMoment(id, seq), [])));
  const asked: string[] = [];
  const stop = store.onQuery((sql) => asked.push(sql));
  expect(await removeStream(store.prisma, streamId, 10)).toBe(true);
  stop();
  // Two parts of ten moments, and the transaction that takes the rest.
  const deletions = (of: (sql: string) => boolean) =>
    asked.filter((sql) => sql.startsWith('DELETE FROM reading') && of(sql));
  expect(deletions((sql) => sql.includes('seq <'))).toHaveLength(2);
  expect(deletions((sql) => !sql.includes('seq <'))).toHaveLength(1);
  expect(asked.findIndex((sql) => sql.startsWith('SELECT 1 FROM stream'))).toBeGreaterThan(
    asked.findLastIndex((sql) => sql.includes('seq <')),
  );
  expect(await rowsOf(id)).toEqual(NOTHING);
});

it('a stream of thousands of sessions goes in seconds, and other streams keep theirs', async () => {
  const { store } = db;
  const kept = await recorded();
  const { id, streamId } = await db.session();
  const copies = `INSERT INTO session SELECT (jsonb_populate_record(session, jsonb_build_object(
      'id', gen_random_uuid(), 'ordinal', session.ordinal + 1000000 + n, 'state', 'ENDED'))).*
    FROM session, generate_series(1, 10000) AS n WHERE id = $1::uuid`;
  await store.prisma.$executeRawUnsafe(copies, id);
  const begun = process.hrtime.bigint();
  await store.streams.remove(streamId);
  // A list that was read again for each row took minutes.
  expect(Number(process.hrtime.bigint() - begun) / 1e9).toBeLessThan(30);
  expect(await store.prisma.session.count({ where: { streamId } })).toBe(0);
  expect((await rowsOf(kept.id)).slice(0, 2)).toEqual([3, 3]);
});
