/** Brings a database to what prisma/migrations describes: all of it, or nothing. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import { MienError } from '../../errors.ts';
import { applyMigrations, openEngine, PRISMA_DIR } from './schema-engine.ts';

/** Any number that no other program is likely to lock in the same database. */
const ADVISORY_LOCK = 6_243_613_005;

/**
 * What holds in a database that is made now, and not in one that an earlier version made: 30 days. In the same transaction, so
 * that no other program or later start can take the one for the other.
 */
const NEW_INSTALLATION = `UPDATE installation SET retention_hours = ${30 * 24}, created_at = now() WHERE id = 1`;

/** One connection that nobody else uses meanwhile. */
interface Connection {
  factory: SqlMigrationAwareDriverAdapterFactory;
  runScript(sql: string): Promise<unknown>;
  query(sql: string): Promise<AppliedMigration[]>;
}

interface Migration {
  name: string;
  sql: string;
}

interface AppliedMigration {
  name: string;
  checksum: string;
  finished: boolean;
}

/** Several processes may do this at once: an advisory lock lets one work, the others find the work done. */
export async function migratePostgres(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0 });
  pool.on('error', () => {});
  try {
    await migrate({
      factory: postgresFactory(pool),
      runScript: (sql) => pool.query(sql),
      query: async (sql) => (await pool.query<AppliedMigration>(sql)).rows,
    });
  } finally {
    await pool.end();
  }
}

export async function migratePGlite(factory: SqlMigrationAwareDriverAdapterFactory): Promise<void> {
  const adapter = await factory.connect();
  await migrate({
    factory,
    runScript: (sql) => adapter.executeScript(sql),
    query: async (sql) => {
      const { rows } = await adapter.queryRaw({ sql, args: [], argTypes: [] });
      return rows.map(([name, checksum, finished]) => ({ name, checksum, finished }) as AppliedMigration);
    },
  });
}

/** The adapter cuts a script at every semicolon; this one hands it over whole. */
export function postgresFactory(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(withCharAsText(pool));
  return {
    provider: 'postgres',
    adapterName: factory.adapterName,
    connectToShadowDb: () => factory.connectToShadowDb(),
    async connect() {
      const adapter = await factory.connect();
      adapter.executeScript = async (script) => {
        await pool.query(script);
      };
      return adapter;
    },
  };
}

/** The engine reads catalog columns of type "char", which the adapter for servers refuses. */
function withCharAsText(pool: pg.Pool): pg.Pool {
  const { CHAR, TEXT } = pg.types.builtins;
  const query = pool.query.bind(pool) as (query: pg.QueryConfig | string) => Promise<pg.QueryResult>;
  const read = async (text: pg.QueryConfig | string) => {
    const result = await query(text);
    for (const field of result.fields ?? []) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
    return result;
  };
  return Object.assign(pool, { query: read });
}

/** @throws MienError CONFIG_INVALID when the database was made by a newer mien, or holds migrations that differ from ours */
async function migrate(connection: Connection): Promise<void> {
  const migrations = await readMigrations();
  await connection.runScript('BEGIN');
  try {
    await connection.runScript(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    const applied = await readApplied(connection);
    const pending = findPending(migrations, applied);
    if (pending.length > 0) await apply(connection, migrations);
    if (applied.length === 0) await connection.runScript(NEW_INSTALLATION);
    await connection.runScript('COMMIT');
  } catch (error) {
    await connection.runScript('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function readMigrations(): Promise<Migration[]> {
  const directory = join(PRISMA_DIR, 'migrations');
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names
      .sort()
      .map(async (name) => ({ name, sql: await readFile(join(directory, name, 'migration.sql'), 'utf8') })),
  );
}

async function readApplied(connection: Connection): Promise<AppliedMigration[]> {
  // Another program may keep one of its own in another schema.
  const present = await connection.query(
    `SELECT 1 FROM pg_tables WHERE tablename = '_prisma_migrations' AND schemaname = current_schema()`,
  );
  if (present.length === 0) return [];
  return connection.query(`SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`);
}

function findPending(migrations: Migration[], applied: AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum, finished } of applied) {
    const migration = known.get(name);
    if (migration === undefined) {
      throw new MienError(
        'CONFIG_INVALID',
        `The database was prepared by a newer mien (migration ${name} is unknown here). Start that version, or point DATABASE_URL or the data directory elsewhere.`,
      );
    }
    if (!finished || checksum !== createHash('sha256').update(migration.sql).digest('hex')) {
      throw new MienError(
        'CONFIG_INVALID',
        `Migration ${name} ${finished ? 'differs from the one that the database holds' : 'was left unfinished by another program'}. Restore the database from a backup, or start with an empty one.`,
      );
    }
    known.delete(name);
  }
  return [...known.values()];
}

async function apply(connection: Connection, migrations: Migration[]): Promise<void> {
  const schema = await readFile(join(PRISMA_DIR, 'schema.prisma'), 'utf8');
  const engine = await openEngine(schema, connection.factory);
  const migrationsList: MigrationList = {
    baseDir: 'migrations',
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
    shadowDbInitScript: '',
  };
  await applyMigrations(engine, migrationsList);
}
