/**
 * A finished session of moments with one face each, replayed from its first cursor through the subscription's own
 * source, moment by moment, in pages of its choosing; against one `SELECT` of the same rows over a plain connection
 * (on PGlite: in the same process, without its thread), all in memory at once.
 */
import { MemoryBus } from '../../src/bus/index.ts';
import type { Store } from '../../src/store/index.ts';
import { createSubscriptions, momentCursor } from '../../src/subscriptions/index.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makeMoment } from '../parts/moments.ts';
import { compared } from '../parts/results.ts';
import { openSqlConnection } from '../parts/sql-connection.ts';
import {
  createSession,
  openStoreAt,
  pgliteLocation,
  postgresLocation,
  type StoreLocation,
} from '../parts/stores.ts';

export const row: Row = {
  name: 'resume',
  measures: 'moments per second replayed from a cursor, against a bare SELECT',
  run,
};

const SELECT = `SELECT m.*, r.* FROM moment m JOIN reading r USING (session_id, seq, day)
  WHERE m.session_id = $1 ORDER BY m.seq, r.track`;

async function* run({ quick, leftOut }: RowOptions) {
  const count = quick ? 1_000 : 10_000;
  const server = await postgresLocation(leftOut);
  if (server) yield await measure(server, 'PostgreSQL', count, quick);
  yield await measure(pgliteLocation(), 'PGlite', count, quick);
}

async function measure(location: StoreLocation, name: string, count: number, quick: boolean) {
  const id = await record(location, count);
  const sql = await openSqlConnection(location);
  const store = await openStoreAt(location);
  const rounds = await inTurn(
    () => rateOf(count, () => replay(store, id)),
    () => rateOf(count, async () => (await sql.query(SELECT, [id])).length),
    quick ? 1 : 5,
  );
  await store.close();
  await sql.close();
  await location.remove();
  const head = { row: 'resume', case: `${count} moments, ${name}`, unit: 'moments/s' };
  return compared(head, rounds, 'SELECT', { atLeast: 0.5 });
}

async function record(location: StoreLocation, count: number): Promise<string> {
  const store = await openStoreAt(location);
  const { id } = await createSession(store);
  const start = Date.now();
  await Promise.all(
    Array.from({ length: count - 1 }, (_, seq) => store.moments.append(makeMoment(id, seq, start), [])),
  );
  await store.moments.append(makeMoment(id, count - 1, start), []);
  await store.sessions.setState(id, 'ENDED');
  await store.close();
  return id;
}

async function replay(store: Store, sessionId: string): Promise<number> {
  const live = createSubscriptions({
    streams: store.streams,
    sessions: store.sessions,
    history: store.moments,
    log: store.log,
    async *buckets() {},
    feed: new MemoryBus(),
    now: Date.now,
  });
  let moments = 0;
  for await (const _ of await live.moments({ sessionId, after: momentCursor(sessionId, -1) })) moments += 1;
  return moments;
}

async function rateOf(expected: number, work: () => Promise<number>): Promise<number> {
  const began = performance.now();
  const got = await work();
  if (got !== expected) throw new Error(`${got} moments came, of ${expected}`);
  return (got / (performance.now() - began)) * 1000;
}
