/**
 * Buckets whose edges lie within seconds, which rollups do not know: made of the moments themselves, by the code that makes
 * rollups, so that those of a second add up to its rollup.
 *
 * 1. Rollups tell how many moments that takes, before any is read.
 * 2. Those of the seconds are read, a page at a time, from the one that stands into them to the one that tells how long the last stands.
 * 3. Where rollups tell of more than was found, the retention has deleted some of it, and there is no answer.
 */
import type { Aggregate } from '../../domain/aggregate.ts';
import type { FollowingMoment, Moment } from '../../domain/moment.ts';
import { MICROSECONDS } from '../../domain/quantise.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import { elapsedInAll, overlaps, type Range } from './elapsed-less-erased.ts';
import { type FineStretch, FineSums, type Tally } from './fine-sums.ts';
import { momentRuns } from './media-stretches.ts';
import { createMomentQueries } from './moments.ts';
import { coverBySpans, tallySql } from './rollup-sql.ts';
import { toAggregate } from './sum-row.ts';

/** Most moments that an answer is made of: of ten frames a second, those of 83 minutes. */
const MAX_MOMENTS = 50_000;
const PAGE = 1_000;

/** Of a session. */
export interface SessionRange {
  /** Seconds of media time, in order: several where a clock was set. */
  stretches: readonly Range[];
  /** Where its source began and ended. */
  source: Range;
  /** What was erased of it. */
  erased: readonly Range[];
}

/** @param track 0: the whole picture @throws MienError BAD_INPUT: too many moments; READINGS_EXPIRED */
export async function readFineBuckets(
  prisma: PrismaClient,
  rollUp: RollUp,
  sessionId: string,
  { stretches, source, erased }: SessionRange,
  { bucketMs, track }: { bucketMs: number; track: number },
): Promise<Aggregate[]> {
  const found: Aggregate[] = [];
  const whole = inBuckets(stretches, bucketMs);
  const told = await Promise.all(whole.map((stretch) => tallyOf(prisma, sessionId, stretch)));
  assertFewMoments(told.reduce((sum, { frames }) => sum + frames, 0));
  for (const [at, stretch] of whole.entries()) {
    const sums = new FineSums(rollUp, stretch, bucketMs);
    // With the one before them and the one behind them.
    const page = Math.min(PAGE, told[at]!.frames + 2);
    for await (const moments of momentsOf(prisma, sessionId, stretch.seconds, page)) sums.add(moments);
    // What is committed or erased meanwhile changes it.
    assertAllThere(sums.tally, [told[at]!, await tallyOf(prisma, sessionId, stretch)]);
    for (const [bucket, row] of sums.rows(track)) {
      const own = { start: (bucket * bucketMs) / 1000, end: ((bucket + 1) * bucketMs) / 1000 };
      const [there = own] = overlaps([own], source);
      found.push(toAggregate(row, { ...there, ...elapsedInAll([there], erased) }));
    }
  }
  return found;
}

/** Those that touch one bucket are one. */
function inBuckets(stretches: readonly Range[], bucketMs: number): FineStretch[] {
  const ranges: Range[] = [];
  for (const stretch of stretches) {
    const start = Math.floor(microseconds(stretch.start) / (bucketMs * 1000));
    const end = Math.ceil(microseconds(stretch.end) / (bucketMs * 1000));
    const last = ranges.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else ranges.push({ start, end });
  }
  return ranges.map((buckets) => ({
    buckets,
    seconds: {
      start: Math.floor((buckets.start * bucketMs) / 1000),
      end: Math.ceil((buckets.end * bucketMs) / 1000),
    },
  }));
}

function microseconds(seconds: number): number {
  return Math.round(seconds * MICROSECONDS);
}

async function tallyOf(prisma: PrismaClient, sessionId: string, { seconds }: FineStretch): Promise<Tally> {
  const spans = coverBySpans(seconds.start, seconds.end, Math.max(...ROLLUP_SPANS));
  const [tally] = await prisma.$queryRawUnsafe<Tally[]>(tallySql(spans), sessionId);
  return tally!;
}

function assertFewMoments(moments: number): void {
  if (moments <= MAX_MOMENTS) return;
  throw new MienError(
    'BAD_INPUT',
    `Buckets of parts of a second are made of the moments themselves: of ${moments} here, and ${MAX_MOMENTS} is the most. Ask for a shorter \`range\`, or for buckets of whole seconds.`,
  );
}

function assertAllThere(found: Tally, told: readonly Tally[]): void {
  const isLess = (of: keyof Tally) => found[of] < Math.min(...told.map((tally) => tally[of]));
  if (!isLess('frames') && !isLess('covered')) return;
  throw new MienError(
    'READINGS_EXPIRED',
    'Moments of this stretch are older than the retention and were deleted, while their sums by the second are kept. Ask for buckets of whole seconds, or for a later `range`.',
  );
}

/** Of whole seconds, with the one before them, and the one behind them. No page is empty. */
async function* momentsOf(
  prisma: PrismaClient,
  sessionId: string,
  { start, end }: Range,
  limit: number,
): AsyncGenerator<FollowingMoment[]> {
  const [run] = await momentRuns(prisma, sessionId, { clock: 'MEDIA', from: start, to: end });
  let after = (await seqBefore(prisma, sessionId, run?.fromSeq)) - 1;
  const queries = createMomentQueries(prisma);
  let previous: Moment | undefined;
  for (;;) {
    const page = await queries.page(sessionId, after, limit);
    const newest = page.at(-1);
    if (newest === undefined) return;
    await tellEnd(prisma, newest);
    const following: FollowingMoment[] = [];
    for (const moment of page) {
      following.push({ moment, previous });
      previous = moment;
    }
    yield following;
    if (page.length < limit || newest.mediaTime >= end) return;
    after = newest.seq;
  }
}

/** Of the last moment before a number, or of all; 0: there is none. */
async function seqBefore(prisma: PrismaClient, sessionId: string, seq: number | undefined): Promise<number> {
  const days = await prisma.session.findUnique({
    where: { id: sessionId },
    select: { firstDay: true, lastDay: true },
  });
  if (days?.firstDay == null || days.lastDay === null) return 0;
  const before = await prisma.moment.findFirst({
    where: {
      sessionId,
      day: { gte: days.firstDay, lte: days.lastDay },
      ...(seq !== undefined && { seq: { lt: seq } }),
    },
    ...{ orderBy: { seq: 'desc' }, select: { seq: true } },
  });
  return before?.seq ?? 0;
}

/** The newest of a session stands no further than to its end. */
async function tellEnd(prisma: PrismaClient, moment: Moment): Promise<void> {
  const session = await prisma.session.findUnique({
    where: { id: moment.sessionId },
    select: { lastSeq: true, mediaEnd: true },
  });
  if (session?.lastSeq === moment.seq && session.mediaEnd !== null && session.mediaEnd > moment.mediaTime)
    moment.untilEnd = session.mediaEnd - moment.mediaTime;
}
