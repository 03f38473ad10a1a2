/** Sums over parts of a session, read from rollups alone: never from the raw rows, and equal to what those give. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { elapsedIn, erasedRanges, type Range } from './elapsed.ts';
import { aggregateSql, coverBySpans, EXTENT, SUMMARY } from './rollup-sql.ts';
import { NO_SUMS, type SumRow, toAggregate } from './sum-row.ts';

/** Most buckets in one answer: more than a screen has pixels across. */
const MAX_BUCKETS = 20_000;
/** Buckets read by one statement: nobody else waits longer than for so many. */
const BUCKETS_PER_STATEMENT = 2_500;
/** While the sums of one statement are decoded, the database works on the next. */
const STATEMENTS_AT_ONCE = 2;

export interface AggregateOptions {
  /** A multiple of 1000. */
  bucketMs: number;
  /** Seconds of media time, rounded outwards to whole seconds; default: all of the session. */
  from?: number | undefined;
  to?: number | undefined;
  /** One face; default: the whole picture. */
  track?: number | undefined;
}

export interface RollupQueries {
  /** Buckets start at multiples of their length; those without any frame are left out. @throws MienError BAD_INPUT */
  aggregate(sessionId: string, options: AggregateOptions): Promise<Aggregate[]>;
  /** In the order of the ids; one query for all. */
  summaries(sessionIds: readonly string[]): Promise<SessionSummary[]>;
}

export function createRollupQueries(prisma: PrismaClient): RollupQueries {
  return {
    async aggregate(sessionId, options) {
      assertValid(options);
      if (!isId(sessionId)) return [];
      const range = await findRange(prisma, sessionId, options);
      if (range === null) return [];
      const { track = 0 } = options;
      const bucket = options.bucketMs / 1000;
      const parts = splitRange(range, bucket);
      const buckets: Aggregate[][] = [];
      const remaining = parts.entries();
      const readInTurn = async () => {
        for (const [at, part] of remaining) {
          buckets[at] = await readBuckets(prisma, sessionId, part, bucket, track);
        }
      };
      await Promise.all(Array.from({ length: STATEMENTS_AT_ONCE }, readInTurn));
      return buckets.flat();
    },
    async summaries(sessionIds) {
      const rows = await prisma.$queryRawUnsafe<SummaryRow[]>(SUMMARY, `{${sessionIds.filter(isId).join()}}`);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return sessionIds.map((id) => toSummary(byId.get(id)));
    },
  };
}

function assertValid({ bucketMs, from, to, track = 0 }: AggregateOptions): void {
  if (!(bucketMs >= 1000 && bucketMs % 1000 === 0)) {
    throw new MienError('BAD_INPUT', 'The bucket must be a multiple of 1000 milliseconds.');
  }
  if (!Number.isInteger(track) || track < 0) {
    throw new MienError('BAD_INPUT', 'Tracks are numbered from 1.');
  }
  if (from !== undefined && to !== undefined && to < from) {
    throw new MienError('BAD_INPUT', '`to` must not be less than `from`.');
  }
}

/** Whole seconds of a session. */
interface SessionRange extends Range {
  /** Where its source began and ended. */
  source: Range;
  /** What was erased of it. */
  erased: readonly Range[];
}

interface ExtentRow {
  first: number | null;
  last: number | null;
  start: number | null;
  end: number | null;
  erased: string | null;
}

/** What of the session is asked for; null where it has nothing. @throws MienError BAD_INPUT: too many buckets */
async function findRange(
  prisma: PrismaClient,
  sessionId: string,
  { bucketMs, from = 0, to = Number.POSITIVE_INFINITY }: AggregateOptions,
): Promise<SessionRange | null> {
  const [extent] = await prisma.$queryRawUnsafe<ExtentRow[]>(EXTENT, sessionId);
  if (extent?.first == null || extent.last === null) return null;
  const source = { start: extent.start ?? extent.first, end: extent.end ?? extent.last + 1 };
  const erased = erasedRanges(extent.erased);
  const start = Math.max(Math.floor(from), extent.first);
  const end = Math.min(Math.ceil(to), extent.last + 1);
  if (!(end > start)) return null;
  if ((end - start) / (bucketMs / 1000) <= MAX_BUCKETS) return { start, end, source, erased };
  const least = Math.ceil((end - start) / MAX_BUCKETS) * 1000;
  throw new MienError(
    'BAD_INPUT',
    `That would be more than ${MAX_BUCKETS} buckets. Take buckets of at least ${least} ms, or a shorter stretch.`,
  );
}

/** Into parts for one statement each, cut where buckets begin. */
function splitRange({ start, end, ...session }: SessionRange, bucket: number): SessionRange[] {
  const step = BUCKETS_PER_STATEMENT * bucket;
  const parts: SessionRange[] = [];
  for (let from = start; from < end; from = parts.at(-1)!.end) {
    parts.push({ start: from, end: Math.min(end, (Math.floor(from / step) + 1) * step), ...session });
  }
  return parts;
}

async function readBuckets(
  prisma: PrismaClient,
  sessionId: string,
  { start, end, source, erased }: SessionRange,
  bucket: number,
  track: number,
): Promise<Aggregate[]> {
  const sql = aggregateSql(coverBySpans(start, end, bucket), bucket, track);
  const [row] = await prisma.$queryRawUnsafe<{ sums: string | null }[]>(sql, sessionId);
  if (row?.sums == null) return [];
  const buckets: Aggregate[] = [];
  for (const sums of JSON.parse(`[[${row.sums}]]`) as SumRow[]) {
    const from = Math.max(sums[0]!, start);
    const to = Math.min(sums[0]! + bucket, end);
    const there = { start: Math.max(from, source.start), end: Math.min(to, source.end) };
    buckets.push(toAggregate(sums, { start: from, end: to, ...elapsedIn(there, erased) }));
  }
  return buckets.sort((a, b) => a.start - b.start);
}

interface SummaryRow {
  id: string;
  /** Where its source began and ended, in seconds of media time; null without a moment. */
  start: number | null;
  end: number | null;
  tracks: number;
  smallestFace: number | null;
  erased: string | null;
  /** SumRow as JSON, without its brackets. */
  sums: string;
}

function toSummary(row: SummaryRow | undefined): SessionSummary {
  const sums = row === undefined ? NO_SUMS : (JSON.parse(`[${row.sums}]`) as SumRow);
  const start = row?.start ?? 0;
  const end = Math.max(start, row?.end ?? start);
  return {
    ...toAggregate(sums, { start, end, ...elapsedIn({ start, end }, erasedRanges(row?.erased ?? null)) }),
    tracks: row?.tracks ?? 0,
    smallestFace: row?.smallestFace ?? null,
  };
}
