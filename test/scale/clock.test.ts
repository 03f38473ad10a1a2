/**
 * A server whose clock is an hour off, beside one whose clock is right: neither takes anything over because of it, each takes over
 * what the other leaves, and what either records has the database's times.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { createDatabase, SERVER, type TestDatabase } from '../helpers/database.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });
if (SERVER === undefined) console.warn('SKIPPED: TEST_DATABASE_URL names no server that two could share');

const HOUR_MS = 3_600_000;
const TTL_MS = 5_000;
const STREAMS = 4;
const FRAMES_EVERY_MS = 500;
const WORKER = fileURLToPath(new URL('./synthetic-workers.ts', import.meta.url));
const SHIFT_CLOCK = fileURLToPath(new URL('./shift-clock.mjs', import.meta.url));

describe.runIf(SERVER).each([
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
])('a server whose clock is an hour %s', (_, shift) => {
  let database: TestDatabase;
  let client: pg.Client;
  let processes: ChildProcess[] = [];

  beforeEach(async () => {
    processes = [];
    database = await createDatabase('server');
    client = new pg.Client({ connectionString: database.config.databaseUrl });
    await client.connect();
  });
  afterEach(async () => {
    for (const child of processes) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await client?.end();
    await database?.dispose();
  });

  /** @returns once its streams run */
  const start = async (clock: number): Promise<ChildProcess> => {
    const args = [
      ...['--import', 'tsx', ...(clock === 0 ? [] : ['--import', SHIFT_CLOCK])],
      ...[WORKER, JSON.stringify(database.config), '1', String(STREAMS)],
      String(FRAMES_EVERY_MS),
    ];
    const env = { ...process.env, CLOCK_SHIFT_MS: String(clock) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(child);
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
    ended.catch(() => {});
    await Promise.race([once(child.stdout!, 'data'), ended]);
    return child;
  };
  interface Row {
    id: string;
    worker: string;
    state: string;
    seq: number;
    /** Null: it has not ended. */
    ordered: boolean | null;
  }
  const sessions = async () => {
    const { rows } =
      await client.query<Row>(`SELECT id::text, worker_id::text AS worker, state::text, last_seq AS seq,
      ended_at >= started_at AS ordered FROM session ORDER BY ordinal`);
    return rows;
  };
  const live = (rows: readonly Row[]) => rows.filter(({ state }) => state === 'RUNNING');
  /** Until so many sessions have been interrupted, and all streams have a session with moments. */
  const untilTakenOver = (interrupted: number) =>
    until(
      async () => {
        const rows = await sessions();
        const gone = rows.filter(({ state }) => state === 'INTERRUPTED');
        const on = live(rows);
        return gone.length === interrupted && on.length === 2 * STREAMS && on.every(({ seq }) => seq > 0);
      },
      'they run elsewhere',
      120_000,
    );

  interface Times {
    /** The oldest beginning and the newest end of a session, in seconds since `from`; null: none has ended. */
    began: number;
    ended: number | null;
    /** Of the session whose newest moment is the oldest or the youngest, in seconds before now. */
    oldest: number;
    youngest: number;
    /** Seconds since `from`. */
    now: number;
  }
  const timeOfDatabase = async () =>
    (await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0]!.now;
  /** Of sessions that run, what they recorded last; and of all when they began and ended. By the database's clock. */
  const times = async (from: Date): Promise<Times> => {
    const sql = `WITH newest AS (SELECT max(wall_time) AS at FROM moment JOIN session ON session.id = session_id
        WHERE state = 'RUNNING' GROUP BY session_id)
      SELECT (SELECT extract(epoch FROM min(started_at) - $1) FROM session)::float8 AS began,
        (SELECT extract(epoch FROM max(ended_at) - $1) FROM session)::float8 AS ended,
        (SELECT extract(epoch FROM clock_timestamp() - min(at)) FROM newest)::float8 AS oldest,
        (SELECT extract(epoch FROM clock_timestamp() - max(at)) FROM newest)::float8 AS youngest,
        extract(epoch FROM clock_timestamp() - $1)::float8 AS now`;
    return (await client.query<Times>(sql, [from])).rows[0]!;
  };
  /** Within a second: of the moments the best of some looks counts, since a busy machine stores them late. */
  const expectTimesOfDatabase = async (from: Date) => {
    const looks: Times[] = [];
    for (let count = 0; count < 10; count++) {
      looks.push(await times(from));
      await sleep(FRAMES_EVERY_MS / 2);
    }
    const { began, ended, now } = looks.at(-1)!;
    expect(began).toBeGreaterThan(-1);
    for (const time of [began, ended ?? 0]) expect(time).toBeLessThan(now + 1);
    expect(Math.min(...looks.map(({ oldest }) => oldest))).toBeLessThan(1 + FRAMES_EVERY_MS / 1000);
    expect(Math.min(...looks.map(({ youngest }) => youngest))).toBeGreaterThan(-1);
  };

  it('keeps its sessions, takes over and is taken over, stores nothing late, and no session ends before it begins', async () => {
    const from = await timeOfDatabase();
    const right = await start(0);
    const wrong = await start(shift);
    await untilTakenOver(0);
    const before = await sessions();
    await sleep(2 * TTL_MS);
    await expectTimesOfDatabase(from);
    const after = await sessions();
    expect(after.map(({ id, worker, state }) => ({ id, worker, state }))).toEqual(
      before.map(({ id, worker, state }) => ({ id, worker, state })),
    );

    // It stands still, is taken over, and wakes up: nothing more is stored of what was its.
    wrong.kill('SIGSTOP');
    await untilTakenOver(STREAMS);
    const stopped = (await sessions()).filter(({ state }) => state === 'INTERRUPTED');
    const moments = async () => {
      const ids = stopped.map(({ id }) => id);
      const { rows } = await client.query<{ count: number }>(
        'SELECT count(*)::int FROM moment WHERE session_id = ANY($1::uuid[])',
        [ids],
      );
      return rows[0]!.count;
    };
    const stored = await moments();
    wrong.kill('SIGCONT');
    await sleep(TTL_MS);
    expect(await moments()).toBe(stored);

    // It takes over all that the other leaves.
    right.kill('SIGKILL');
    await untilTakenOver(STREAMS + 2 * STREAMS);
    for (const { ordered } of await sessions()) expect(ordered).not.toBe(false);
    await expectTimesOfDatabase(from);
  });
});
