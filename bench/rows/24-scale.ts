/**
 * What several servers cost and reach, on PostgreSQL and NATS. What a moment of two faces costs when one server commits 1, 64, 500
 * and 1,000 sessions: processor time of its process and of the connection of PostgreSQL that commits, which other programs
 * disturb less than the clock; with a backlog, and with one moment under way of each session. Moments a second from a
 * worker through the store, NATS and two `mien api` to 1,000 subscribers. And how long streams of a worker that is killed have no session.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn, measured, type Row, type RowOptions } from '../harness.ts';
import { ManySessions } from '../parts/many-sessions.ts';
import { compared, limited, recorded } from '../parts/results.ts';
import { startApi, startNats, startWorker } from '../parts/scale-nodes.ts';
import { type SideProcess, startSide } from '../parts/side-process.ts';
import { openSqlConnection, type SqlConnection } from '../parts/sql-connection.ts';
import { openStoreAt, postgresLocation, type StoreLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'scale',
  measures: 'cost of many sessions, moments through PostgreSQL and NATS to many subscribers, takeovers',
  run,
};

const FEW = 64;
/** As the server has it, in seconds. */
const TTL = 5;

async function* run(options: RowOptions) {
  yield* inDatabase(options, costs);
  yield* inDatabase(options, throughput);
  yield* inDatabase(options, takeovers);
}

async function* inDatabase<T>(
  options: RowOptions,
  work: (location: StoreLocation, options: RowOptions) => AsyncIterable<T>,
) {
  const location = await postgresLocation(options.leftOut);
  if (location === null) return;
  try {
    yield* work(location, options);
  } finally {
    await location.remove();
  }
}

async function* costs(location: StoreLocation, { quick, log }: RowOptions) {
  const store = await openStoreAt(location);
  const few = await ManySessions.open(store, FEW);
  const rounds = quick ? 1 : 3;
  const moments = quick ? 1_000 : 8_000;
  const head = { row: 'scale', unit: 'µs of processor a moment' };
  for (const count of quick ? [1, 100] : [1, 500, 1_000]) {
    log(`${count} sessions`);
    const many = await ManySessions.open(store, count);
    const backlog = await inTurn(
      () => many.cost(moments, moments),
      () => few.cost(moments, moments),
      rounds,
    );
    yield compared(
      { ...head, case: `${count === 1 ? 'one session' : `${count} sessions`}, two faces, a backlog` },
      backlog,
      `${FEW} sessions`,
      count === 500 ? { atMost: 2 } : null,
    );
    if (count === 1) continue;
    const each = await inTurn(
      () => many.cost(moments, count),
      () => few.cost(moments / 2, FEW),
      rounds,
    );
    yield compared(
      { ...head, case: `${count} sessions, two faces, one moment of each under way` },
      each,
      `${FEW} sessions`,
      count === 500 ? { atMost: 2 } : null,
    );
  }
  await store.close();
}

/** In bursts that fit every queue, the next when all have arrived. */
async function* throughput(location: StoreLocation, { quick, log, leftOut }: RowOptions) {
  const nats = await startNats(leftOut);
  if (nats === null) return;
  const count = quick ? 100 : 1_000;
  const worker = startSide('scale-worker.ts', [location.databaseUrl!, nats.url]);
  await worker.ask({});
  const apis = await Promise.all([0, 1].map(() => startApi(location.databaseUrl!, nats.url)));
  const subscribers = startSide('subscribers.ts');
  log(`${count} subscribers`);
  for (const { port } of apis)
    await subscribers.ask({ connect: count / apis.length, port, transport: 'sse' });
  await untilHeard(worker, subscribers, count);
  const rates: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round++)
    rates.push(measured('moments a second', await rate(worker, subscribers, count, quick)));
  await subscribers.stop();
  for (const api of apis) await api.stop();
  await worker.stop();
  await nats.stop();
  const note =
    'every moment is committed, goes over NATS to both, and from each to half of the subscribers by server-sent events; all of it on one machine';
  yield recorded(
    { row: 'scale', case: `a worker, two APIs, ${count} subscribers`, unit: 'moments/s', note },
    rates,
  );
}

const BURST = 30;

/** @throws Error when some hear nothing, or nothing goes over NATS */
async function untilHeard(worker: SideProcess, subscribers: SideProcess, count: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { isUp } = await worker.ask<{ isUp: boolean }>({ count: 1 });
    await sleep(300);
    const { heard } = await subscribers.ask<{ heard: number }>({ heard: true });
    if (heard === count && isUp) break;
    if (tries > 100) throw new Error(`${heard} of ${count} subscribers hear anything; NATS carries: ${isUp}`);
  }
  await sleep(1_000);
  await subscribers.ask({ reset: true });
}

async function rate(
  worker: SideProcess,
  subscribers: SideProcess,
  count: number,
  quick: boolean,
): Promise<number> {
  const began = performance.now();
  let moments = 0;
  while (performance.now() - began < (quick ? 500 : 3_000)) {
    const arrived = subscribers.ask<{ timedOut: boolean; received: number }>({
      expect: BURST * count,
      date: false,
    });
    await worker.ask({ count: BURST });
    const { timedOut, received } = await arrived;
    if (timedOut || received !== BURST * count)
      throw new Error(`${received} of ${BURST * count} deliveries came`);
    moments += BURST;
  }
  return (moments / (performance.now() - began)) * 1000;
}

async function* takeovers(location: StoreLocation, { quick, log }: RowOptions) {
  const streams = quick ? 5 : 50;
  const survivor = await startWorker(location.databaseUrl!, 0);
  const sql = await openSqlConnection(location);
  const times: number[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : 5); round++) {
      const other = await startWorker(location.databaseUrl!, streams);
      times.push(measured('a takeover', await takeover(sql, other, streams)));
      log(`taken over after ${times.at(-1)!.toFixed(1)} s`);
    }
  } finally {
    await survivor.kill();
    await sql.close();
  }
  const note = `all ${streams} streams are the killed worker's; until the last of them has a session again, by the clock of the database`;
  yield limited({ row: 'scale', case: 'a worker of two killed', unit: 's', note }, times, 2 * TTL);
}

/** Those that run at a worker whose lease holds, and began since. */
const LIVE = `SELECT count(*)::int AS live, extract(epoch FROM max(session.started_at) - $1::timestamptz)::float8 AS seconds FROM session
  JOIN worker ON worker.id = worker_id AND expires_at > clock_timestamp() WHERE state = 'RUNNING' AND session.started_at > $1::timestamptz`;

async function takeover(
  sql: SqlConnection,
  other: { kill(): Promise<void> },
  streams: number,
): Promise<number> {
  await untilLive(sql, streams, new Date(0));
  await other.kill();
  const [killed] = await sql.query('SELECT clock_timestamp() AS at');
  const seconds = await untilLive(sql, streams, killed!.at as Date);
  await sql.query('UPDATE stream SET wanted = false');
  await untilLive(sql, 0, new Date(0));
  return seconds!;
}

/** @returns after how many seconds the last of them began */
async function untilLive(sql: SqlConnection, live: number, since: Date): Promise<number | null> {
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(50)) {
    const [now] = await sql.query(LIVE, [since]);
    if (now!.live === live) return now!.seconds as number | null;
  }
  throw new Error(`${live} running sessions were waited for in vain`);
}
