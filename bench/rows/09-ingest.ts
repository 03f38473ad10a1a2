/**
 * Moments with one face each, committed in order by the group-committing writer, rollups and tracks included, as
 * many under way as its buffer takes; against `COPY` of the same rows of moment and reading, in one transaction,
 * into tables of the same shape. No index or constraint is left out on either side.
 */
import type { Store } from '../../src/store/index.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makeMoment } from '../parts/moments.ts';
import { openPlain, type Plain } from '../parts/plain.ts';
import { embeddedPlace, newSession, openPlace, type Place, serverPlace } from '../parts/postgres.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'ingest',
  measures: 'moments committed per second, against COPY of the same rows',
  run,
};

const TABLES = ['moment', 'reading'];

async function* run({ quick, log }: RowOptions) {
  const count = quick ? 500 : 5_000;
  const server = await serverPlace(log);
  if (server) yield await measure(server, 'PostgreSQL', count, quick);
  yield await measure(embeddedPlace(), 'PGlite', count, quick);
}

async function measure(place: Place, name: string, count: number, quick: boolean) {
  const first = await openPlace(place);
  await commit(first, count);
  await first.close();
  const plain = await openPlain(place);
  const copy = await prepareCopy(plain, count);
  const store = await openPlace(place);
  const rounds = await inTurn(() => commit(store, count), copy, quick ? 1 : 5);
  await store.close();
  await plain.close();
  await place.remove();
  const head = { row: 'ingest', case: `${count} moments, ${name}`, unit: 'moments/s' };
  return compared(head, rounds, 'COPY', name === 'PostgreSQL' ? { atLeast: 0.4 } : null);
}

async function commit(store: Store, count: number): Promise<number> {
  const { id } = await newSession(store);
  const start = Date.now();
  const moments = Array.from({ length: count }, (_, seq) => makeMoment(id, seq, start));
  return timed(count, () => Promise.all(moments.map((moment) => store.moments.append(moment, []))));
}

async function prepareCopy(plain: Plain, count: number): Promise<() => Promise<number>> {
  const rows = new Map<string, Buffer>();
  for (const table of TABLES) {
    rows.set(table, await plain.copyOut(`(SELECT * FROM ${table})`));
    await plain.query(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`);
  }
  return async () => {
    await plain.query('TRUNCATE bare_moment, bare_reading');
    return timed(count, async () => {
      await plain.query('BEGIN');
      for (const table of TABLES) await plain.copyIn(`bare_${table}`, rows.get(table)!);
      await plain.query('COMMIT');
    });
  };
}

async function timed(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (count / (performance.now() - began)) * 1000;
}
