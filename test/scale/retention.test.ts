/** Retention beside a reader who takes his time, and beside locks of what it deletes: commits go on for as long as that lasts. */
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { createStore, SERVER, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });
if (SERVER === undefined)
  console.warn('SKIPPED: the embedded database has one connection, beside which nobody reads or locks');

const NOW = Date.UTC(2026, 5, 10, 15);
const DAY_MS = 86_400_000;
const WEEK = 7 * 24;
/** Seconds that it is held, at least; by hand: 60. */
const HOLD = Number(process.env.HOLD_SECONDS ?? 12);

describe.runIf(SERVER)('retention', () => {
  let db: TestStore;
  let other: pg.Client;
  beforeEach(async () => {
    db = await createStore();
    other = new pg.Client({ connectionString: db.config.databaseUrl! });
    await other.connect();
    for (const days of [9, 10]) {
      const old = await db.session();
      await db.store.moments.append(makeMoment(old.id, 0, { start: NOW - days * DAY_MS }), []);
      await db.store.sessions.setState(old.id, 'ENDED');
    }
  });
  afterEach(async () => {
    await other?.end();
    await db?.dispose();
  });

  const partitions = async () => {
    const rows = await db.store.prisma.$queryRaw<{ name: string }[]>`
      SELECT relname AS name FROM pg_class WHERE relname ~ '^(moment|reading)_2026060[01]|_20260531$'`;
    return rows.length;
  };
  /** @returns how long each took, in milliseconds */
  const commitsFor = async (seconds: number): Promise<number[]> => {
    const { id } = await db.session();
    const times: number[] = [];
    const began = performance.now();
    for (let seq = 0; performance.now() - began < seconds * 1000 || seq < 100; seq++) {
      const before = performance.now();
      await db.store.moments.append(makeMoment(id, seq, { start: NOW }), []);
      times.push(performance.now() - before);
    }
    return times.sort((a, b) => a - b);
  };
  const hasTomorrow = async () => {
    const name = `reading_${new Date(Date.now() + DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;
    const [row] = await db.store.prisma.$queryRaw<
      { is: boolean }[]
    >`SELECT to_regclass(${name}) IS NOT NULL AS is`;
    return row!.is;
  };
  it('the first moment of a day waits for nobody who takes an old one away', async () => {
    const { id } = await db.session();
    await until(hasTomorrow, 'there is room for tomorrow');
    await other.query('BEGIN');
    // As DETACH PARTITION … CONCURRENTLY has it while it waits.
    await other.query('LOCK TABLE moment, reading IN SHARE UPDATE EXCLUSIVE MODE');
    await db.store.moments.append(makeMoment(id, 0, { start: Date.now() + DAY_MS }), []);
    await other.query('COMMIT');
  });

  const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)]!;

  it.each([
    ['a read of all', 'SELECT count(*) FROM moment'],
    ['the lock of an old day', 'LOCK TABLE moment_20260601 IN ACCESS EXCLUSIVE MODE'],
    ['the lock of an old day’s readings', 'LOCK TABLE reading_20260601 IN ACCESS EXCLUSIVE MODE'],
  ])('beside %s that lasts, commits go on', async (what, sql) => {
    const alone = await commitsFor(2);
    await other.query('BEGIN');
    await other.query(sql);
    let isOver = false;
    const expired = db.store
      .expire(WEEK, { now: NOW })
      .then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
      .finally(() => {
        isOver = true;
      });
    const times = await commitsFor(HOLD);
    await other.query('COMMIT');
    await until(() => isOver, 'retention ends', 120_000);
    console.info(
      `beside ${what} of ${HOLD} s: ${times.length} commits, p99 ${p99(times).toFixed(0)} ms, longest ${times.at(-1)!.toFixed(0)} ms; without: p99 ${p99(alone).toFixed(0)} ms; retention: ${await expired}`,
    );
    // Retention gives up after five seconds: a commit that stood behind it would have waited for as long, at least.
    expect(times.at(-1)!).toBeLessThan(4_000);
    await db.store.expire(WEEK, { now: NOW });
    expect(await partitions()).toBe(0);
  });
});
