/** Sums over stretches of a session, read from rollups alone: never from the raw rows, and equal to what those give. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import type { DropCounts } from '../../domain/frame.ts';
import { FRACTION } from '../../domain/quantise.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { isId } from '../ids.ts';
import { aggregateSql, EXTENT, pieces, SUMMARY } from './rollup-sql.ts';

/** Most buckets in one answer: more than a screen has pixels across. */
export const MAX_BUCKETS = 20_000;

export interface AggregateOptions {
  /** A multiple of 1000. */
  bucketMs: number;
  /** Seconds of media time, rounded outwards to whole seconds; default: all of the session. */
  from?: number | undefined;
  to?: number | undefined;
  /** One face; default: the whole picture. */
  track?: number | undefined;
}

export interface RollupReads {
  /** Buckets start at multiples of their length; those without any frame are left out. @throws MienError BAD_INPUT */
  aggregate(sessionId: string, options: AggregateOptions): Promise<Aggregate[]>;
  summary(sessionId: string): Promise<SessionSummary>;
  /** In the order of the ids; one query for all. */
  summaries(sessionIds: readonly string[]): Promise<SessionSummary[]>;
}

/**
 * One line of an answer: start, frames, frames of the picture, dropped (busy, worker, store), readings, abstained,
 * 8 labels, 8 probabilities, valence, arousal, quality. Whole numbers all; those below 2^53 stay exact.
 */
type Sums = readonly number[];

export function createRollups(prisma: PrismaClient): RollupReads {
  async function summaries(sessionIds: readonly string[]): Promise<SessionSummary[]> {
    const ids = sessionIds.filter(isId);
    const rows = await prisma.$queryRawUnsafe<SummaryRow[]>(SUMMARY, `{${ids.join()}}`);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return sessionIds.map((id) => summarise(byId.get(id)));
  }
  async function read(sessionId: string, start: number, end: number, seconds: number, track: number) {
    const sql = aggregateSql(pieces(start, end, seconds), seconds, track);
    const [row] = await prisma.$queryRawUnsafe<{ lines: string | null }[]>(sql, sessionId);
    if (row?.lines == null) return [];
    const buckets: Aggregate[] = [];
    for (const sums of JSON.parse(`[[${row.lines}]]`) as Sums[]) {
      const from = sums[0]!;
      buckets.push(bucket(sums, Math.max(from, start), Math.min(from + seconds, end)));
    }
    return buckets.sort((a, b) => a.start - b.start);
  }
  return {
    summaries,
    async summary(sessionId) {
      return (await summaries([sessionId]))[0]!;
    },
    async aggregate(sessionId, { bucketMs, from, to, track = 0 }) {
      if (!(bucketMs >= 1000 && bucketMs % 1000 === 0)) {
        throw new MienError('BAD_INPUT', 'The bucket must be a multiple of 1000 milliseconds.');
      }
      if (!Number.isInteger(track) || track < 0)
        throw new MienError('BAD_INPUT', 'Tracks are numbered from 1.');
      if (from !== undefined && to !== undefined && to < from)
        throw new MienError('BAD_INPUT', '`to` must not be less than `from`.');
      if (!isId(sessionId)) return [];
      const extent = await readExtent(prisma, sessionId);
      if (extent === null) return [];
      const start = Math.max(Math.floor(from ?? 0), extent.first);
      const end = Math.min(Math.ceil(to ?? Number.POSITIVE_INFINITY), extent.last + 1);
      if (!(end > start)) return [];
      const seconds = bucketMs / 1000;
      if ((end - start) / seconds > MAX_BUCKETS) throw tooMany(end - start);
      const waiting = stretches(start, end, seconds).entries();
      const parts: Aggregate[][] = [];
      const lane = async () => {
        for (const [at, [from, to]] of waiting) parts[at] = await read(sessionId, from, to, seconds, track);
      };
      await Promise.all([lane(), lane()]);
      return parts.flat();
    },
  };
}

/**
 * Buckets read by one statement. While some are taken apart the database works on the next, and nobody else waits
 * longer than for one part.
 */
const PART = 2_500;

/** Cut where buckets begin. */
function stretches(start: number, end: number, seconds: number): [number, number][] {
  const step = PART * seconds;
  const cuts: [number, number][] = [];
  for (let from = start; from < end; from = cuts.at(-1)![1]) {
    cuts.push([from, Math.min(end, (Math.floor(from / step) + 1) * step)]);
  }
  return cuts;
}

function tooMany(seconds: number): MienError {
  const least = Math.ceil(seconds / MAX_BUCKETS) * 1000;
  return new MienError(
    'BAD_INPUT',
    `That would be more than ${MAX_BUCKETS} buckets. Take buckets of at least ${least} ms, or a shorter stretch.`,
  );
}

/** First and last second with a rollup: two looks at the index. */
async function readExtent(
  prisma: PrismaClient,
  sessionId: string,
): Promise<{ first: number; last: number } | null> {
  const [row] = await prisma.$queryRawUnsafe<{ first: number | null; last: number | null }[]>(
    EXTENT,
    sessionId,
  );
  return row?.first == null || row.last == null ? null : { first: row.first, last: row.last };
}

/** Written out, without a closure or an array on the way: an answer is made of thousands. */
function bucket(s: Sums, start: number, end: number): Aggregate {
  const [, frames = 0, all = 0, busy = 0, worker = 0, store = 0, readings = 0, abstained = 0] = s;
  const lost = busy + worker + store;
  const some = readings > 0;
  const of = readings * FRACTION;
  return {
    start,
    end,
    frames,
    dropped: lost === 0 ? {} : dropsOf(busy, worker, store),
    readings,
    abstained,
    labels: [s[8]!, s[9]!, s[10]!, s[11]!, s[12]!, s[13]!, s[14]!, s[15]!],
    probabilities: some
      ? [
          s[16]! / of,
          s[17]! / of,
          s[18]! / of,
          s[19]! / of,
          s[20]! / of,
          s[21]! / of,
          s[22]! / of,
          s[23]! / of,
        ]
      : null,
    valence: some ? s[24]! / of : null,
    arousal: some ? s[25]! / of : null,
    quality: some ? s[26]! / of : null,
    coverage: all + lost === 0 ? 0 : frames / (all + lost),
  };
}

function dropsOf(busy: number, worker: number, store: number): DropCounts {
  return { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) };
}

interface SummaryRow {
  id: string;
  first: number;
  last: number;
  tracks: number;
  line: string;
}

function summarise(row: SummaryRow | undefined): SessionSummary {
  if (row === undefined) return { ...bucket(Array(27).fill(0), 0, 0), tracks: 0 };
  const sums = JSON.parse(`[${row.line}]`) as Sums;
  return { ...bucket(sums, row.first, row.last + 1), tracks: row.tracks };
}
