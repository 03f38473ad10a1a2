/** What questions about several sessions take, counted: as much as they tell of, not the product of what is in them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  GroupedSession,
  Grouping,
  SessionsAggregateOptions,
} from '../../src/domain/sessions-aggregate.ts';
import { aggregateSessions } from '../../src/store/read/sessions/aggregate-sessions.ts';
import { partsByBucket } from '../../src/store/read/sessions/buckets.ts';
import { createCutter } from '../../src/store/read/sessions/stretches.ts';
import { NO_SUMS } from '../../src/store/read/sum-row.ts';
import { createStore, MODEL, type TestStore } from '../helpers/database.ts';
import { sparseSession } from './sparse-sessions.ts';

const UTC = { timeZone: 'UTC' };
const START = { at: 'START' } as const;
const HOURS = 2_000;

let db: TestStore;
/** A frame in each of two thousand hours. */
let hourly: GroupedSession;
/** A frame in each of ten hours' seconds. */
let dense: GroupedSession;

beforeAll(async () => {
  db = await createStore();
  hourly = await sparseSession(
    db,
    `SELECT h * 3600, timestamptz '2025-01-01T00:00Z' + h * interval '1 hour' FROM generate_series(0, ${HOURS - 1}) AS h`,
  );
  dense = await sparseSession(
    db,
    `SELECT s, timestamptz '2025-01-01T00:00Z' + s * interval '1 second' FROM generate_series(0, 35999) AS s`,
  );
  await db.store.prisma.$executeRawUnsafe(`INSERT INTO track (session_id, track, first_seen, last_seen, readings, started_at, ended_at)
    SELECT '${hourly.id}', n, n * 60, n * 60 + 90, 1, now(), now() FROM generate_series(1, ${HOURS * 10}) AS n`);
});
afterAll(() => db.dispose());

const ask = (sessions: readonly GroupedSession[], options: Partial<SessionsAggregateOptions>) =>
  db.store.aggregateSessions(sessions, { groupBy: [], ...UTC, ...options });

interface PlanNode {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Filter?: string;
  Plans?: PlanNode[];
}

/** How the database answers a question. */
async function plansOf(
  sessions: readonly GroupedSession[],
  options: Partial<SessionsAggregateOptions>,
): Promise<PlanNode[]> {
  const { prisma } = db.store;
  const plans: PlanNode[] = [];
  const $queryRawUnsafe = async (sql: string, ...parameters: unknown[]) => {
    const [row] = await prisma.$queryRawUnsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      ...parameters,
    );
    plans.push(row!['QUERY PLAN'][0].Plan);
    return prisma.$queryRawUnsafe(sql, ...parameters);
  };
  await aggregateSessions({ $queryRawUnsafe } as never, sessions, { groupBy: [], ...UTC, ...options });
  return plans;
}

/** How many rows the database handles for a question, in all nodes of its plans. */
async function rowsOf(...question: Parameters<typeof plansOf>): Promise<number> {
  const nodes = (await plansOf(...question)).flatMap(nodesOf);
  return nodes.reduce(
    (sum, { 'Actual Rows': rows, 'Actual Loops': loops, 'Rows Removed by Filter': removed = 0 }) =>
      sum + (rows + removed) * loops,
    0,
  );
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

it('hours of a long session are found in one pass over them', async () => {
  const rows = await rowsOf([hourly], { groupBy: [{ by: 'HOUR' }] });
  // Each border goes down the spans by itself; half of all hours for each would be two million.
  expect(rows).toBeLessThan(HOURS * 100);
});

it('the faces of each day are counted in one pass over the tracks', async () => {
  const rows = await rowsOf([hourly], { groupBy: [{ by: 'DAY' }] });
  // All tracks for each of 84 days would be 1.7 million.
  expect(rows).toBeLessThan(HOURS * 100);
  const days = await ask([hourly], { groupBy: [{ by: 'DAY' }] });
  // One begins each minute, and the last of a day goes on in the next.
  expect(days.slice(0, 3).map(({ tracks }) => tracks)).toEqual([1439, 1441, 1441]);
});

it('buckets are added up of what each session has in them', () => {
  let reads = 0;
  const part = (from: number, to: number) => ({
    ...{
      session: { id: `${from}`, streamId: '', tags: {} },
      tracks: 0,
      trial: 0,
      sums: NO_SUMS,
      elapsed: 0,
      erased: 0,
    },
    get stretch() {
      reads++;
      return {
        ...{ session: 0, trial: 0, period: null, from, to },
        ...{ isWhole: false, holdsEnd: false, buckets: null },
      };
    },
    times: { source: { start: from, end: to }, erased: [], trailing: {}, wall: [] },
    buckets: new Map(
      Array.from({ length: to - from }, (_, at) => [from + at, [from + at, 1, ...NO_SUMS.slice(2)]] as const),
    ),
  });
  const parts = [part(0, 1_000), ...Array.from({ length: 1_000 }, (_, at) => part(at, at + 1))];
  const byBucket = partsByBucket(parts, 1);
  expect(byBucket.size).toBe(1_000);
  expect([...byBucket.values()].every((own) => own.length === 2)).toBe(true);
  // A million of buckets times sessions.
  expect(reads).toBeLessThan(20_000);
});

it('hours and buckets by the wall clock are cut side by side, not each by all others', () => {
  let cuts = 0;
  const times = {
    ...{ source: { start: 0, end: HOURS * 3600 }, erased: [], trailing: {} },
    wall: [{ start: 0, end: HOURS * 3_600_000 - 1 }],
  };
  const cutter = createCutter({
    ...{ groupBy: [{ by: 'HOUR' }], bucket: { seconds: 3600, align: { at: 'WALL' } }, ...UTC },
  });
  const cutAt = (border: number) => {
    cuts++;
    return border / 1000;
  };
  const stretches = cutter.cut(times, 0, cutter.divide(times), cutAt, undefined);
  expect(stretches).toHaveLength(HOURS);
  expect(stretches[7]!.buckets).toEqual(new Map([[7, { from: 7 * 3600, to: 8 * 3600 }]]));
  // Eight million.
  expect(cuts).toBeLessThan(3 * HOURS);
});

it('a length of buckets for which all seconds would be read is refused, and one of whole minutes is not', async () => {
  const many = Array<GroupedSession>(20).fill(dense);
  await expect(ask(many, { bucket: { seconds: 3599, align: START } })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('a multiple of 60 or 3600 seconds'),
  });
  const [group] = await ask(many, { bucket: { seconds: 3600, align: START } });
  expect(group!.buckets).toHaveLength(10);
});

it('too many groups are refused before anything is summed up', async () => {
  const groupBy: Grouping[] = [{ by: 'SESSION' }, { by: 'HOUR' }];
  let statements = 0;
  const stop = db.store.onQuery(() => statements++);
  await expect(ask([hourly, dense], { groupBy })).rejects.toMatchObject({
    message: expect.stringContaining('2010 groups, and 2000 is the most'),
  });
  stop();
  // Where they lie in time, and one for each 2,000 borders.
  expect(statements).toBe(3);
});

it('a list of sessions is read once, not again for each of them', async () => {
  const { streamId } = hourly;
  const rows = await db.store.prisma.$queryRawUnsafe<{ id: string }[]>(
    `INSERT INTO session (id, stream_id, model_id, state) SELECT gen_random_uuid(), '${streamId}', '${MODEL.id}', 'ENDED' FROM generate_series(1, 3000) RETURNING id::text`,
  );
  await db.store.prisma.$executeRawUnsafe('ANALYZE session');
  const many = rows.map(({ id }) => ({ id, streamId, tags: {} }));
  const plans = await plansOf(many, {
    groupBy: [{ by: 'DAY' }],
    range: { clock: 'WALL', from: 0, to: Infinity },
  });
  const filters = plans.flatMap(nodesOf).flatMap(({ Filter }) => Filter ?? []);
  // It took minutes: the text of all ids was read for each row.
  expect(filters.filter((filter) => filter.includes('ANY'))).toEqual([]);
});
