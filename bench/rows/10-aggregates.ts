/**
 * A session of ten million readings (a million seconds at ten frames per second, one face), as its rollups would
 * stand: buckets of one second over an hour of it (more do not fit one answer), of a minute and of an hour over all
 * of it, in milliseconds from question to objects; against SQL written by hand for the same buckets, over a plain
 * connection. And each under 50 ms.
 */
import type { Store } from '../../src/store/index.ts';
import { ROLLUP_SPANS } from '../../src/store/sql/rollup-spans.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { compared, limited } from '../parts/results.ts';
import { openSqlConnection } from '../parts/sql-connection.ts';
import { createSession, openStoreAt, postgresLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'aggregates',
  measures: 'milliseconds to aggregate ten million readings, against SQL by hand',
  run,
};

const CASES = [
  { name: '1 s buckets of an hour', span: 1, from: 500_000, to: 503_600 },
  { name: '1 min buckets', span: 60 },
  { name: '1 h buckets', span: 3600 },
];

const SQL = `SELECT second, frames, dropped_busy, dropped_worker, dropped_store, readings, abstained, labels,
    probabilities, valence, arousal, quality
  FROM rollup WHERE session_id = $1 AND span = $2 AND track = 0 AND second >= $3 AND second < $4 ORDER BY second`;

async function* run({ quick, leftOut }: RowOptions) {
  const location = await postgresLocation(leftOut);
  if (!location) return;
  const seconds = quick ? 100_000 : 1_000_000;
  const store = await openStoreAt(location);
  const { id } = await createSession(store);
  await fill(store, id, seconds);
  const sql = await openSqlConnection(location);
  for (const { name, span, from, to } of CASES) {
    const shift = quick && from !== undefined ? 450_000 : 0;
    const range =
      from === undefined ? {} : { range: { clock: 'MEDIA', from: from - shift, to: to - shift } as const };
    const parameters = [id, span, (from ?? 0) - shift, (to ?? seconds + shift) - shift];
    const rounds = await inTurn(
      () => milliseconds(() => store.rollups.aggregate(id, { bucketMs: span * 1000, ...range })),
      () => milliseconds(() => sql.query(SQL, parameters)),
      quick ? 3 : 25,
    );
    const head = { row: 'aggregates', case: name, unit: 'ms' };
    yield compared(head, rounds, 'SQL by hand', { atMost: 2 });
    yield limited({ ...head, case: `${name}, under 50 ms` }, [rounds.mien.median], 50);
  }
  await sql.close();
  await store.close();
  await location.remove();
}

async function fill(store: Store, id: string, seconds: number): Promise<void> {
  for (const span of ROLLUP_SPANS) {
    const count = `least(${span}, ${seconds} - s)`;
    await store.prisma.$executeRawUnsafe(`INSERT INTO rollup
      SELECT '${id}', ${span}, 0, s, ${count} * 10, 0, 0, 0, ${count} * 10, 0,
        ARRAY[${count} * 10, 0, 0, 0, 0, 0, 0, 0], array_fill(${count}::bigint * 125000, ARRAY[8]), 0, 0, 0
      FROM generate_series(0, ${seconds - 1}, ${span}) AS s`);
  }
  // As autovacuum would, in time.
  await store.prisma.$executeRawUnsafe('VACUUM (ANALYZE) rollup');
}

async function milliseconds(work: () => Promise<unknown[]>): Promise<number> {
  const began = performance.now();
  const { length } = await work();
  if (length === 0) throw new Error('no bucket came');
  return performance.now() - began;
}
