import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { PgliteClient } from '../../src/store/pglite/pglite-client.ts';
import { createAdapterFactory } from '../../src/store/pglite/prisma-adapter.ts';
import { migratePostgres, postgresFactory } from '../../src/store/upkeep/migrate.ts';
import { diffSql, openEngine, PRISMA_DIR } from '../../src/store/upkeep/schema-engine.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, createSession, MODEL, SERVER, type TestDatabase } from '../helpers/database.ts';

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
  await before.prisma.$executeRaw`ALTER TABLE session DROP COLUMN frame_width, DROP COLUMN frame_height`;
  await before.prisma.$executeRaw`ALTER TABLE stream DROP COLUMN boots`;
  const [, ...later] = await migrationNames();
  await before.prisma
    .$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name = ANY (${later}::text[])`;
  await before.close();
  const store = await openStore({ rollUp, ...database.config });
  expect(await store.prisma.session.findMany()).toMatchObject([{ id, frameWidth: null, frameHeight: null }]);
  await store.sessions.setState(id, 'RUNNING', { frame: { width: 180, height: 320 } });
  expect(await store.prisma.session.findMany()).toMatchObject([{ id, frameWidth: 180, frameHeight: 320 }]);
  await store.close();
  expect((await difference(database)).trim()).toBe('-- This is an empty migration.');
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
  // Its process is gone, though the number is in use again.
  await writeFile(join(dataDir, 'mien.lock'), JSON.stringify({ pid: process.pid, born: 'another boot/1' }));
  const store = await openStore({ rollUp, dataDir });
  await expect(openStore({ rollUp, dataDir })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/Another mien \(process \d+\) is using .* set DATABASE_URL/),
  });
  await store.ping();
  await store.close();
  expect(await readdir(dataDir)).toEqual(['pglite']);
  await database.dispose();
});
