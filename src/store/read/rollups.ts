/** Sums over parts of a session, read from rollups, and equal to what the raw rows give; those are read for buckets of parts of a second alone. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import { isId } from '../../domain/id-format.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import { elapsedInAll, erasedRanges, overlaps, type Range } from './elapsed-less-erased.ts';
import { readFineBuckets, type SessionRange } from './fine-buckets.ts';
import { mediaStretches } from './media-stretches.ts';
import { assertFewBuckets, assertFewRollups } from './rollup-limits.ts';
import { aggregateSql, coverBySpans, EXTENT, NEXT_SECOND } from './rollup-sql.ts';
import { type SumRow, toAggregate } from './sum-row.ts';
import { readSummaries } from './summaries.ts';

/** Buckets read by one statement: nobody else waits longer than for so many. */
const BUCKETS_PER_STATEMENT = 2_500;
/** While the sums of one statement are decoded, the database works on the next. */
const STATEMENTS_AT_ONCE = 2;

export interface AggregateOptions {
  /** Whole milliseconds; of pages a multiple of 1000. */
  bucketMs: number;
  /** Rounded outwards to whole seconds of media time, or to whole buckets where these are no whole seconds; default: all of the session. */
  range?: TimeRange | undefined;
  /** Only what of the range lies in this stretch: from one edge of a bucket to another. */
  within?: Range | undefined;
  /** One face; default: the whole picture. */
  track?: number | undefined;
}

export interface RollupQueries {
  /** Buckets start at multiples of their length; those without any frame are left out. @throws MienError BAD_INPUT, READINGS_EXPIRED */
  aggregate(sessionId: string, options: AggregateOptions): Promise<Aggregate[]>;
  /** The same page by page, however many there are; holes are passed over. @throws MienError BAD_INPUT */
  pages(sessionId: string, options: AggregateOptions): AsyncGenerator<Aggregate[], undefined>;
  /** In the order of the ids; a few statements for all. @param range rounded outwards to whole seconds; default: all of them */
  summaries(sessionIds: readonly string[], range?: TimeRange): Promise<SessionSummary[]>;
}

export function createRollupQueries(prisma: PrismaClient, rollUp: RollUp): RollupQueries {
  return {
    async aggregate(sessionId, options) {
      assertValid(options);
      const range = await findRange(prisma, sessionId, options);
      if (range === null) return [];
      const { track = 0, bucketMs } = options;
      assertFewBuckets(range.stretches, bucketMs);
      if (isFine(options)) return readFineBuckets(prisma, rollUp, sessionId, range, { bucketMs, track });
      const bucket = bucketMs / 1000;
      assertFewRollups(range.stretches.flatMap(({ start, end }) => coverBySpans(start, end, bucket)));
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
    pages: (sessionId, options) => readPages(prisma, sessionId, options),
    summaries: (sessionIds, range) => readSummaries(prisma, sessionIds, range),
  };
}

function assertValid({ bucketMs, track = 0 }: AggregateOptions): void {
  if (!(bucketMs >= 1 && Number.isInteger(bucketMs))) {
    throw new MienError('BAD_INPUT', 'The bucket must be a whole number of milliseconds, 1 or more.');
  }
  if (!Number.isInteger(track) || track < 0) {
    throw new MienError('BAD_INPUT', 'Tracks are numbered from 1.');
  }
}

/** Whether rollups cannot tell it. */
function isFine({ bucketMs }: AggregateOptions): boolean {
  return bucketMs % 1000 !== 0;
}

interface ExtentRow {
  first: number | null;
  last: number | null;
  start: number | null;
  end: number | null;
  erased: string | null;
}

/** What of the session is asked for; null where it has nothing. */
async function findRange(
  prisma: PrismaClient,
  sessionId: string,
  options: AggregateOptions,
): Promise<SessionRange | null> {
  const { within = EVERYWHERE } = options;
  if (!isId(sessionId)) return null;
  const [extent] = await prisma.$queryRawUnsafe<ExtentRow[]>(EXTENT, sessionId);
  if (extent?.first == null || extent.last === null) return null;
  const there = {
    start: Math.max(within.start, extent.first),
    end: Math.min(within.end, extent.last + 1),
  };
  const stretches = overlaps(await askedStretches(prisma, sessionId, options), there);
  if (stretches.length === 0) return null;
  const source = { start: extent.start ?? there.start, end: extent.end ?? there.end };
  return { stretches, source, erased: erasedRanges(extent.erased) };
}

async function askedStretches(
  prisma: PrismaClient,
  sessionId: string,
  options: AggregateOptions,
): Promise<readonly Range[]> {
  const { range } = options;
  if (range === undefined) return [EVERYWHERE];
  if (isFine(options) && range.clock === 'MEDIA') return [{ start: range.from, end: range.to }];
  return (await mediaStretches(prisma, [sessionId], range)).get(sessionId) ?? [];
}

const EVERYWHERE: Range = { start: 0, end: Number.POSITIVE_INFINITY };

/** Into parts for one statement each, cut where buckets begin. */
function splitRange({ stretches, ...session }: SessionRange, bucket: number): SessionRange[] {
  const step = BUCKETS_PER_STATEMENT * bucket;
  const parts = new Map<number, Range[]>();
  for (const { start, end } of stretches) {
    for (let from = start; from < end; ) {
      const part = Math.floor(from / step);
      const to = Math.min(end, (part + 1) * step);
      parts.set(part, [...(parts.get(part) ?? []), { start: from, end: to }]);
      from = to;
    }
  }
  return [...parts.values()].map((each) => ({ stretches: each, ...session }));
}

async function* readPages(
  prisma: PrismaClient,
  sessionId: string,
  options: AggregateOptions,
): AsyncGenerator<Aggregate[], undefined> {
  assertValid(options);
  if (isFine(options)) throw new MienError('BAD_INPUT', 'Pages have buckets of whole seconds.');
  const range = await findRange(prisma, sessionId, options);
  if (range === null) return;
  const bucket = options.bucketMs / 1000;
  let begin = Number.NEGATIVE_INFINITY;
  for (const part of splitRange(range, bucket)) {
    const { end } = part.stretches.at(-1)!;
    if (end <= begin) continue;
    const page = await readBuckets(prisma, sessionId, part, bucket, options.track ?? 0);
    if (page.length > 0) yield page;
    else begin = await secondOfSums(prisma, sessionId, end);
  }
}

/** The first second from this one on of which there are sums; infinity: there is none. */
async function secondOfSums(prisma: PrismaClient, sessionId: string, from: number): Promise<number> {
  const [row] = await prisma.$queryRawUnsafe<{ second: number }[]>(NEXT_SECOND, sessionId, from);
  return row?.second ?? Number.POSITIVE_INFINITY;
}

async function readBuckets(
  prisma: PrismaClient,
  sessionId: string,
  { stretches, source, erased }: SessionRange,
  bucket: number,
  track: number,
): Promise<Aggregate[]> {
  const spans = stretches.flatMap(({ start, end }) => coverBySpans(start, end, bucket));
  const [row] = await prisma.$queryRawUnsafe<{ sums: string | null }[]>(
    aggregateSql(spans, bucket, track),
    sessionId,
  );
  if (row?.sums == null) return [];
  const buckets: Aggregate[] = [];
  for (const sums of JSON.parse(`[[${row.sums}]]`) as SumRow[]) {
    const own = overlaps(stretches, { start: sums[0]!, end: sums[0]! + bucket });
    const [{ start }, { end }] = [own[0]!, own.at(-1)!];
    buckets.push(toAggregate(sums, { start, end, ...elapsedInAll(overlaps(own, source), erased) }));
  }
  return buckets.sort((a, b) => a.start - b.start);
}
