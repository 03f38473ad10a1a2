/** Retention on a server while others read what it drops: commits go on, and what could not be dropped goes later. */
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, SERVER, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

if (SERVER === undefined)
  console.warn('SKIPPED: TEST_DATABASE_URL names no server beside whose readers anything could be dropped');

const NOW = Date.UTC(2026, 5, 10, 15);
const DAY_MS = 86_400_000;
const WEEK = 7 * 24;

describe.skipIf(SERVER === undefined)('retention beside readers', () => {
  let db: TestStore;
  let reader: pg.Client;
  beforeEach(async () => {
    db = await createStore();
    reader = new pg.Client({ connectionString: db.config.databaseUrl! });
    await reader.connect();
    const old = await db.session();
    await db.store.moments.append(makeMoment(old.id, 0, { start: NOW - 9 * DAY_MS }), []);
    await db.store.sessions.setState(old.id, 'ENDED');
  });
  afterEach(async () => {
    await reader?.end();
    await db?.dispose();
  });

  const tables = async () => {
    const rows = await db.store.prisma.$queryRaw<{ name: string }[]>`
      SELECT relname AS name FROM pg_class WHERE relname IN ('moment_20260601', 'reading_20260601') ORDER BY 1`;
    return rows.map(({ name }) => name);
  };
  /** One each few milliseconds until `work` is done; the longest that one took, in milliseconds. */
  const commitBeside = async (work: Promise<unknown>): Promise<number> => {
    const { id } = await db.session();
    let isDone = false;
    const done = work
      .catch(() => {})
      .finally(() => {
        isDone = true;
      });
    let longest = 0;
    for (let seq = 0; !isDone; seq++) {
      const began = performance.now();
      await db.store.moments.append(makeMoment(id, seq, { start: NOW }), []);
      longest = Math.max(longest, performance.now() - began);
    }
    await done;
    return longest;
  };

  it.each([
    ['a long query of all', 'SELECT count(*) FROM moment'],
    ['a backup', 'LOCK TABLE moment, moment_20260601, reading_20260601 IN ACCESS SHARE MODE'],
  ])(
    'keeps no commit waiting behind %s, says what stays, and drops it once that is over',
    async (_what, sql) => {
      await reader.query('BEGIN');
      await reader.query(sql);
      const expired = db.store.expire(WEEK, { now: NOW });
      const longest = await commitBeside(expired);
      // It waits for five seconds before it gives up; a commit would have waited for as long, at least.
      expect(longest).toBeLessThan(4_000);
      await expect(expired).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('moment_20260601'),
      });
      expect(await tables()).toContain('moment_20260601');
      await reader.query('COMMIT');
      await db.store.expire(WEEK, { now: NOW });
      expect(await tables()).toEqual([]);
    },
  );

  it('rows of a day that somebody has locked are not waited for as long as that lasts, and go once it is over', async () => {
    // Another stream keeps that day, so that it goes row by row.
    const { streamId, id } = await db.session();
    await db.store.streams.update(streamId, { retention: 24 });
    await db.store.moments.append(makeMoment(id, 0, { start: NOW - 9 * DAY_MS }), []);
    await db.store.sessions.setState(id, 'ENDED');
    await reader.query('BEGIN');
    await reader.query('LOCK TABLE moment_20260601, reading_20260601 IN ACCESS EXCLUSIVE MODE');
    const began = performance.now();
    await expect(db.store.expire(null, { now: NOW })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(await db.store.sessions.get(id)).not.toBeNull();
    await reader.query('COMMIT');
    await db.store.expire(null, { now: NOW });
    expect(await db.store.sessions.get(id)).toBeNull();
  });

  it('two servers at once drop each day once, and neither fails', async () => {
    const other = await openStore({ rollUp, ...db.config });
    onTestFinished(() => other.close());
    for (let round = 0; round < 5; round++) {
      for (let days = 9; days < 19; days++) {
        const { id } = await db.session();
        await db.store.moments.append(makeMoment(id, 0, { start: NOW - days * DAY_MS }), []);
        await db.store.sessions.setState(id, 'ENDED');
      }
      // What one has begun may be left to it, and is done at its next turn.
      const both = [db.store, other].map((store) => store.expire(WEEK, { now: NOW }));
      const failures = (await Promise.allSettled(both)).filter(({ status }) => status === 'rejected');
      for (const { reason } of failures as PromiseRejectedResult[])
        expect(reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await db.store.expire(WEEK, { now: NOW });
      expect(await tables()).toEqual([]);
    }
  });

  it('drops what was taken out of its table before the process ended, and a moment of that day can be stored again', async () => {
    await reader.query('ALTER TABLE moment DETACH PARTITION moment_20260601 CONCURRENTLY');
    await db.store.expire(WEEK, { now: NOW });
    expect(await tables()).toEqual([]);

    const late = await db.session();
    await db.store.moments.append(makeMoment(late.id, 0, { start: NOW - 9 * DAY_MS }), []);
    await reader.query('ALTER TABLE moment DETACH PARTITION moment_20260601 CONCURRENTLY');
    await reader.query('DELETE FROM moment_20260601');
    await db.store.moments.append(makeMoment(late.id, 1, { start: NOW - 9 * DAY_MS }), []);
    expect((await db.store.moments.page(late.id, -1, 10)).map(({ seq }) => seq)).toEqual([1]);
  });
});
