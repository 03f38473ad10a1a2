/** Brings a database to what prisma/migrations describes: all of it, or nothing. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { MienError } from '../../errors.ts';

export const PRISMA_DIR = fileURLToPath(new URL('../../../prisma/', import.meta.url));

/** Any number that no other program is likely to lock in the same database. */
const ADVISORY_LOCK = 6_243_613_005;

/**
 * What holds in a database that is made now, and not in one that an earlier version made: 30 days. In the same transaction, so
 * that no other program or later start can take the one for the other.
 */
const NEW_INSTALLATION = `UPDATE installation SET retention_hours = ${30 * 24}, created_at = now() WHERE id = 1`;

/** As Prisma's schema engine makes it. */
const APPLIED_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/** One connection that nobody else uses meanwhile. */
interface Connection {
  runScript(sql: string): Promise<unknown>;
  query(sql: string): Promise<AppliedMigration[]>;
}

interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of `sql`, in hexadecimal. */
  checksum: string;
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
    runScript: (sql) => adapter.executeScript(sql),
    query: async (sql) => {
      const { rows } = await adapter.queryRaw({ sql, args: [], argTypes: [] });
      return rows.map(([name, checksum, finished]) => ({ name, checksum, finished }) as AppliedMigration);
    },
  });
}

/** @throws MienError CONFIG_INVALID when the database was made by a newer mien, or holds migrations that differ from ours */
async function migrate(connection: Connection): Promise<void> {
  const migrations = await readMigrations();
  await connection.runScript('BEGIN');
  try {
    await connection.runScript(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    const applied = await readApplied(connection);
    const pending = findPending(migrations, applied);
    if (pending.length > 0) await apply(connection, pending);
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
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
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
    if (!finished || checksum !== migration.checksum) {
      throw new MienError(
        'CONFIG_INVALID',
        `Migration ${name} ${finished ? 'differs from the one that the database holds' : 'was left unfinished by another program'}. Restore the database from a backup, or start with an empty one.`,
      );
    }
    known.delete(name);
  }
  return [...known.values()];
}

/** In Prisma's own table, so that its tools read the database. */
async function apply({ runScript }: Connection, migrations: readonly Migration[]): Promise<void> {
  await runScript(APPLIED_TABLE);
  for (const { name, sql, checksum } of migrations) {
    await runScript(`INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at)
      VALUES (gen_random_uuid(), '${checksum}', '${name.replaceAll("'", "''")}', clock_timestamp())`);
    await runScript(sql);
    await runScript(`UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1
      WHERE checksum = '${checksum}' AND finished_at IS NULL`);
  }
}
