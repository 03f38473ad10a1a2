/** A plain connection to what a store has written: to its PostgreSQL, or to a copy of its PGlite in this process. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { copyIn, copyOut } from './pg-copy.ts';
import type { StoreLocation } from './stores.ts';

export interface SqlConnection {
  query(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>;
  /** @param sql `COPY … TO` without its target */
  copyOut(sql: string): Promise<Buffer>;
  /** @param sql `COPY … FROM` without its source */
  copyIn(sql: string, rows: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** The store must be closed while a PGlite is copied. */
export function openSqlConnection(location: StoreLocation): Promise<SqlConnection> {
  return location.databaseUrl === undefined
    ? openPglite(location.dataDir)
    : openPostgres(location.databaseUrl);
}

async function openPostgres(connectionString: string): Promise<SqlConnection> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return {
    query: async (sql, parameters) => (await client.query(sql, parameters)).rows,
    copyOut: (sql) => copyOut(client, `COPY ${sql} TO STDOUT`),
    copyIn: (sql, rows) => copyIn(client, `COPY ${sql} FROM STDIN`, rows),
    close: () => client.end(),
  };
}

async function openPglite(dataDir: string): Promise<SqlConnection> {
  const copy = join(dataDir, 'copy');
  cpSync(join(dataDir, 'pglite'), copy, { recursive: true });
  rmSync(join(copy, 'postmaster.pid'), { force: true });
  const lite = await PGlite.create(copy);
  return {
    query: async (sql, parameters) => (await lite.query<Record<string, unknown>>(sql, parameters)).rows,
    async copyOut(sql) {
      const { blob } = await lite.query(`COPY ${sql} TO '/dev/blob'`);
      return Buffer.from(await blob!.arrayBuffer());
    },
    async copyIn(sql, rows) {
      await lite.query(`COPY ${sql} FROM '/dev/blob'`, [], { blob: new Blob([new Uint8Array(rows)]) });
    },
    close: () => lite.close(),
  };
}
