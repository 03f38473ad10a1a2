import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import pg from 'pg';
import { expect, it, vi } from 'vitest';
import { diffSql, openEngine, postgresFactory } from '../../scripts/schema-engine.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { PgliteClient } from '../../src/store/pglite/pglite-client.ts';
import { createAdapterFactory } from '../../src/store/pglite/prisma-adapter.ts';
import { migratePostgres, PRISMA_DIR } from '../../src/store/upkeep/migrate.ts';
import { rollUp } from '../../src/timeline/index.ts';
import {
  createDatabase,
  createSession,
  MODEL,
  SERVER,
  summaryOf,
  type TestDatabase,
} from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

/** What is missing between the migrated database, partitions included, and schema.prisma. */
async function difference({ config }: TestDatabase): Promise<string> {
  const schema = await readFile(join(PRISMA_DIR, 'schema.prisma'), 'utf8');
  if (config.databaseUrl === undefined) {
    const client = new PgliteClient({ directory: join(config.dataDir, 'pglite') });
    const engine = await openEngine(schema, createAdapterFactory(client));
    const sql = await diffSql(engine, schema, 'database');
    await client.close();
    return sql;
  }
  await migratePostgres(config.databaseUrl);
  const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 1 });
  const sql = await diffSql(await openEngine(schema, postgresFactory(pool)), schema, 'database');
  await pool.end();
  return sql;
}

/** In the order in which they are applied. */
async function migrationNames(): Promise<string[]> {
  const entries = await readdir(join(PRISMA_DIR, 'migrations'), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/** As a database was before the migration `wall_clock`, which then comes again. */
async function dropWallClock({ prisma }: Store): Promise<void> {
  await prisma.$executeRaw`ALTER TABLE rollup DROP COLUMN first_seq`;
  for (const table of ['rollup', 'track', 'episode']) {
    await prisma.$executeRawUnsafe(`ALTER TABLE ${table} DROP COLUMN started_at, DROP COLUMN ended_at`);
  }
  await prisma.$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name LIKE '%_wall_clock'`;
}

/** As a database was before the migration `worker_lease`, which then comes again. */
async function dropLeases({ prisma }: Store): Promise<void> {
  await prisma.$executeRaw`DROP TABLE worker`;
  await prisma.$executeRaw`ALTER TABLE session DROP COLUMN worker_id`;
  await prisma.$executeRaw`ALTER TABLE stream DROP COLUMN held_by`;
  await prisma.$executeRaw`DROP INDEX session_one_live, stream_wanted`;
  await prisma.$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name LIKE '%_worker_lease'`;
}

it('of a stream that two servers of an earlier version ran, the newest session stays, and the other has ended', async () => {
  const database = await createDatabase();
  const before = await openStore({ rollUp, ...database.config });
  await before.models.upsert(MODEL);
  const [one, other] = [await createSession(before), await createSession(before)];
  const onset = { index: 0, track: 1, expression: 'FEAR', onset: 0, apex: 0, peak: 0.6 } as const;
  for (const { id: sessionId } of [one, other]) {
    const first = makeMoment(sessionId, 0);
    const episode = { ...onset, sessionId, offset: null, startedAt: new Date(), endedAt: null };
    await before.moments.append(first, [{ kind: 'ONSET', episode }]);
  }
  await dropLeases(before);
  await before.prisma.$executeRaw`UPDATE session SET stream_id = ${one.streamId}::uuid`;
  await before.close();
  const store = await openStore({ rollUp, ...database.config });
  expect(await store.sessions.get(one.id)).toMatchObject({
    ...{
      state: 'INTERRUPTED',
      failure: expect.stringContaining('Another server'),
      endedAt: expect.any(Date),
    },
  });
  expect(await store.sessions.live()).toMatchObject([{ id: other.id, streamId: one.streamId }]);
  const episodes = await store.prisma.episode.findMany({
    orderBy: { offset: { sort: 'asc', nulls: 'last' } },
  });
  expect(episodes).toMatchObject([
    { sessionId: one.id, offset: expect.any(Number) },
    { sessionId: other.id, offset: null },
  ]);
  await store.close();
  await database.dispose();
});

it('what was recorded before wall times were kept beside sums has them by its moments', async () => {
  const database = await createDatabase();
  const before = await openStore({ rollUp, ...database.config });
  await before.models.upsert(MODEL);
  const { id } = await createSession(before);
  // A frame each 2.5 s, so that moments stand into seconds without one; its clock is slow.
  const moments = Array.from({ length: 60 }, (_, seq): Moment => {
    const moment = makeMoment(id, seq, { frameRate: 0.4 });
    return { ...moment, wallTime: Date.UTC(2026, 10, 24, 23, 59) + seq * 2000 };
  });
  const onset = new Date(moments[3]!.wallTime);
  const episode = {
    ...({ sessionId: id, index: 0, track: 1, expression: 'FEAR', onset: 7.5, apex: 7.5, peak: 0.6 } as const),
    ...{ offset: 12.5, startedAt: onset, endedAt: new Date(moments[5]!.wallTime) },
  };
  const lasting = { ...episode, index: 1, offset: null, endedAt: null };
  const events = [episode, lasting].map((each) => ({ kind: 'OFFSET', episode: each }) as const);
  await Promise.all(moments.map((moment) => before.moments.append(moment, moment.seq === 9 ? events : [])));
  const told = async ({ prisma }: Store) => ({
    rollups: await prisma.rollup.findMany({ where: { frames: { gt: 0 } } }),
    standing:
      await prisma.$queryRaw`SELECT second, span, started_at, ended_at FROM rollup WHERE frames = 0 AND track = 0`,
    tracks: await prisma.track.findMany(),
    episodes: await prisma.episode.findMany(),
  });
  const written = await told(before);
  expect(written.standing).not.toEqual([]);
  await dropWallClock(before);
  await before.close();
  const store = await openStore({ rollUp, ...database.config });
  const found = await told(store);
  const set = (rows: unknown) => new Set((rows as object[]).map((row) => inspect(row, { depth: 3 })));
  for (const table of ['rollups', 'standing', 'tracks', 'episodes'] as const)
    expect(set(found[table])).toEqual(set(written[table]));
  await store.close();
  await database.dispose();
});

it('migrations give what schema.prisma describes', async () => {
  const database = await createDatabase();
  expect((await difference(database)).trim()).toBe('-- This is an empty migration.');
  await database.dispose();
});

it.runIf(SERVER)('migrations are applied once when several processes start together', async () => {
  const database = await createDatabase();
  const stores = await Promise.all([1, 2, 3].map(() => openStore({ rollUp, ...database.config })));
  const applied = await stores[0]!.prisma.$queryRaw`SELECT migration_name FROM _prisma_migrations`;
  expect(applied).toHaveLength((await migrationNames()).length);
  await Promise.all(stores.map((store) => store.close()));
  await database.dispose();
});

it('migrations bring the database of an older mien up to date, and keep what is in it', async () => {
  const database = await createDatabase();
  const before = await openStore({ rollUp, ...database.config });
  await before.models.upsert(MODEL);
  const { id } = await createSession(before);
  for (let seq = 0; seq < 10; seq++) await before.moments.append(makeMoment(id, seq), []);
  await before.prisma
    .$executeRaw`ALTER TABLE moment DROP COLUMN dropped_source, DROP COLUMN previous_duration, DROP COLUMN cut,
      DROP COLUMN loop_index, DROP COLUMN source_time, DROP COLUMN position`;
  await before.prisma.$executeRaw`DROP TABLE writer, expired_position`;
  await before.prisma
    .$executeRaw`ALTER TABLE episode DROP COLUMN onset_at, DROP COLUMN apex_at, DROP COLUMN offset_at`;
  await before.prisma
    .$executeRaw`ALTER TABLE rollup DROP COLUMN dropped_source, DROP COLUMN covered, DROP COLUMN durations`;
  await before.prisma
    .$executeRaw`ALTER TABLE session DROP COLUMN trailing_source, DROP COLUMN media_start, DROP COLUMN media_end`;
  await before.prisma
    .$executeRaw`ALTER TABLE session DROP COLUMN settings, DROP COLUMN frame_width, DROP COLUMN frame_height, DROP COLUMN smallest_face`;
  await before.prisma
    .$executeRaw`ALTER TABLE stream DROP COLUMN boots, DROP COLUMN smoothing, DROP COLUMN detect_size`;
  await before.prisma.$executeRaw`DROP INDEX session_started_at_idx`;
  await before.prisma.$executeRaw`ALTER TABLE model DROP COLUMN precision`;
  await before.prisma.$executeRaw`ALTER TABLE stream DROP COLUMN priority`;
  await before.prisma.$executeRaw`DROP TYPE "Priority"`;
  await before.prisma.$executeRaw`ALTER TABLE stream DROP COLUMN timing`;
  await before.prisma.$executeRaw`DROP TYPE "FrameTiming"`;
  await before.prisma.$executeRaw`ALTER TABLE stream DROP COLUMN tags`;
  await before.prisma.$executeRaw`ALTER TABLE session DROP COLUMN tags, DROP COLUMN stream_tags,
      DROP COLUMN own_tags, DROP COLUMN label, DROP COLUMN notes`;
  await before.prisma.$executeRaw`DROP TABLE sign_in, access_token`;
  await before.prisma.$executeRaw`DROP TYPE "Role"`;
  await before.prisma.$executeRaw`DROP TABLE audit_entry`;
  await before.prisma.$executeRaw`DROP FUNCTION audit_entry_append_only`;
  await before.prisma.$executeRaw`ALTER TABLE stream DROP COLUMN retention_hours, DROP COLUMN ingest_hash,
      DROP COLUMN ingest_expires_at, DROP COLUMN preview`;
  await before.prisma
    .$executeRaw`DROP TABLE erased_stretch, erasure, installation, marker, output, job, removed_stream, server`;
  await dropWallClock(before);
  await dropLeases(before);
  const [, ...later] = await migrationNames();
  await before.prisma
    .$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name = ANY (${later}::text[])`;
  await before.close();
  const store = await openStore({ rollUp, ...database.config, retentionHours: 'DEFAULT', leaseMs: 100 });
  // Nothing that was recorded vanishes by an update.
  expect(store.retentionHours).toBeNull();
  expect(await store.prisma.session.findMany()).toMatchObject([{ id, frameWidth: null, frameHeight: null }]);
  expect(await store.prisma.stream.findMany()).toMatchObject([
    { crashes: 0, smoothing: 250, detectSize: 'STANDARD' },
  ]);
  // As it was told before: ten readings, spread over a second in which two frames were dropped.
  const { labels, ...summary } = await summaryOf(store, id);
  expect(summary).toMatchObject({ start: 0, end: 1, covered: 0.833333, coverage: 0.833333, readings: 10 });
  expect(summary.durations).toEqual(labels.map((label) => expect.closeTo((label * 0.833333) / 10, 5)));
  const [bucket] = await store.rollups.aggregate(id, { bucketMs: 3_600_000, track: 1 });
  expect(bucket).toMatchObject({ covered: 0.833333, durations: summary.durations });
  expect(await store.moments.page(id, -1, 1)).toMatchObject([{ previousDuration: 0, cut: false }]);
  await vi.waitFor(async () => expect(await store.sessions.adopt()).toMatchObject([{ id }]));
  await store.sessions.setState(id, 'RUNNING', { frame: { width: 180, height: 320 } });
  expect(await store.prisma.session.findMany()).toMatchObject([{ id, frameWidth: 180, frameHeight: 320 }]);
  await store.close();
  expect((await difference(database)).trim()).toBe('-- This is an empty migration.');
  await database.dispose();
});

it('a database that is made now keeps recordings for 30 days, where no setting says otherwise', async () => {
  const database = await createDatabase();
  const retentions: (number | null)[] = [];
  for (const retentionHours of ['DEFAULT', 12, null, undefined, 'DEFAULT'] as const) {
    const store = await openStore({ rollUp, ...database.config, retentionHours });
    retentions.push(store.retentionHours);
    await store.close();
  }
  expect(retentions).toEqual([720, 12, null, null, 720]);
  await database.dispose();
});

it('a table of migrations that another program keeps in a schema of its own is none of ours', async () => {
  const database = await createDatabase();
  const before = await openStore({ rollUp, ...database.config });
  await before.prisma.$executeRaw`CREATE SCHEMA other`;
  await before.prisma.$executeRaw`CREATE TABLE other._prisma_migrations AS SELECT 'theirs' AS migration_name`;
  // As on a server where the other program was first.
  await before.prisma.$executeRaw`DROP SCHEMA public CASCADE`;
  await before.prisma.$executeRaw`CREATE SCHEMA public`;
  await before.close();
  const store = await openStore({ rollUp, ...database.config });
  await store.models.upsert(MODEL);
  await store.close();
  await database.dispose();
});

it('a database that a newer mien migrated is refused, and not touched', async () => {
  const database = await createDatabase();
  const store = await openStore({ rollUp, ...database.config });
  await store.prisma.$executeRaw`INSERT INTO _prisma_migrations
      (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
      VALUES ('next', 'x', '29990101000000_next', now(), now(), 1)`;
  await store.close();
  await expect(openStore({ rollUp, ...database.config })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('newer mien (migration 29990101000000_next'),
  });
  await database.dispose();
});

it('a data directory belongs to one store at a time, but not to a dead one', async () => {
  const database = await createDatabase('pglite');
  const { dataDir } = database.config;
  const store = await openStore({ rollUp, dataDir });
  const lock = JSON.parse(await readFile(join(dataDir, 'mien.lock'), 'utf8'));
  await expect(openStore({ rollUp, dataDir })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/Another mien \(process \d+\) is using .* set DATABASE_URL/),
  });
  await store.ping();
  await store.close();
  expect(await readdir(dataDir)).toEqual(['pglite']);
  // Its process is gone, though the number is in use again.
  await writeFile(join(dataDir, 'mien.lock'), JSON.stringify({ ...lock, born: '1' }));
  await (await openStore({ rollUp, dataDir })).close();
  await database.dispose();
});
