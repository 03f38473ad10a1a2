/**
 * Moments with one face each, committed in order by the group-committing writer, rollups and tracks included, as
 * many under way as its buffer takes; against `COPY` of the same rows of moment and reading, in one transaction,
 * into tables of the same shape. No index or constraint is left out on either side.
 */
import type { Store } from '../../src/store/index.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makeMoment } from '../parts/moments.ts';
import { compared } from '../parts/results.ts';
import { openSqlConnection, type SqlConnection } from '../parts/sql-connection.ts';
import {
  createSession,
  openStoreAt,
  pgliteLocation,
  postgresLocation,
  type StoreLocation,
} from '../parts/stores.ts';

export const row: Row = {
  name: 'ingest',
  measures: 'moments committed per second, against COPY of the same rows',
  run,
};

const TABLES = ['moment', 'reading'];

async function* run({ quick, leftOut }: RowOptions) {
  const count = quick ? 500 : 5_000;
  const server = await postgresLocation(leftOut);
  if (server) yield await measure(server, 'PostgreSQL', count, quick);
  yield await measure(pgliteLocation(), 'PGlite', count, quick);
}

async function measure(location: StoreLocation, name: string, count: number, quick: boolean) {
  const first = await openStoreAt(location);
  await commit(first, count);
  await first.close();
  const sql = await openSqlConnection(location);
  const copy = await prepareCopy(sql, count);
  const store = await openStoreAt(location);
  const rounds = await inTurn(() => commit(store, count), copy, quick ? 1 : 5);
  await store.close();
  await sql.close();
  await location.remove();
  const head = { row: 'ingest', case: `${count} moments, ${name}`, unit: 'moments/s' };
  return compared(head, rounds, 'COPY', name === 'PostgreSQL' ? { atLeast: 0.4 } : null);
}

async function commit(store: Store, count: number): Promise<number> {
  const { id } = await createSession(store);
  const start = Date.now();
  const moments = Array.from({ length: count }, (_, seq) => makeMoment(id, seq, start));
  return timed(count, () => Promise.all(moments.map((moment) => store.moments.append(moment, []))));
}

async function prepareCopy(sql: SqlConnection, count: number): Promise<() => Promise<number>> {
  const rows = new Map<string, Buffer>();
  for (const table of TABLES) {
    rows.set(table, await sql.copyOut(`(SELECT * FROM ${table})`));
    await sql.query(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`);
  }
  return async () => {
    await sql.query('TRUNCATE bare_moment, bare_reading');
    return timed(count, async () => {
      await sql.query('BEGIN');
      for (const table of TABLES) await sql.copyIn(`bare_${table}`, rows.get(table)!);
      await sql.query('COMMIT');
    });
  };
}

async function timed(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (count / (performance.now() - began)) * 1000;
}
