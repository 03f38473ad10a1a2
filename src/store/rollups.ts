/** Sums over stretches of a session, read from rollups alone: never from the raw rows, and equal to what those give. */
import { EXPRESSIONS } from '../domain/face.ts';
import type { DropCounts } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { SPANS } from './encode.ts';
import type { PrismaClient } from './generated/client.ts';
import { isId } from './ids.ts';
import { FRACTION } from './quantise.ts';

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

/** What a stretch of media time from `start` to `end` (seconds) held. */
export interface TimelineBucket {
  start: number;
  end: number;
  /** Frames scored; of a track: frames in which it was seen. */
  frames: number;
  /** Frames of the picture that were not scored, by reason. */
  dropped: DropCounts;
  /** Faces scored, and those of them without a label. */
  readings: number;
  abstained: number;
  /** Readings by label, in the order of EXPRESSIONS. */
  labels: number[];
  /** Means over the readings; null without any. */
  probabilities: number[] | null;
  valence: number | null;
  arousal: number | null;
  quality: number | null;
  /** `frames` as a share of all frames of the picture, scored or dropped: 0 to 1. */
  coverage: number;
}

export interface SessionSummary extends TimelineBucket {
  /** How many faces were followed. */
  tracks: number;
}

export interface RollupReads {
  /** Buckets start at multiples of their length; those without any frame are left out. @throws MienError BAD_INPUT */
  aggregate(sessionId: string, options: AggregateOptions): Promise<TimelineBucket[]>;
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
      if (!isId(sessionId)) return [];
      const extent = await readExtent(prisma, sessionId);
      if (extent === null) return [];
      const start = Math.max(Math.floor(from ?? 0), extent.first);
      const end = Math.min(Math.ceil(to ?? Number.POSITIVE_INFINITY), extent.last + 1);
      if (!(end > start)) return [];
      const seconds = bucketMs / 1000;
      if ((end - start) / seconds > MAX_BUCKETS) throw tooMany(end - start);
      const sql = aggregateSql(pieces(start, end, seconds), seconds, track);
      const [row] = await prisma.$queryRawUnsafe<{ lines: string | null }[]>(sql, sessionId);
      const lines = JSON.parse(`[${row?.lines ?? ''}]`) as Sums[];
      return lines.map((sums) => bucket(sums, Math.max(sums[0]!, start), Math.min(sums[0]! + seconds, end)));
    },
  };
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
    `SELECT (${edge('$1::uuid', 'ASC')}) AS first, (${edge('$1::uuid', 'DESC')}) AS last`,
    sessionId,
  );
  return row?.first == null || row.last == null ? null : { first: row.first, last: row.last };
}

/** Not min() or max(): without statistics, which PGlite never gathers, those read the whole session. */
function edge(session: string, order: 'ASC' | 'DESC'): string {
  return `SELECT second FROM rollup WHERE session_id = ${session} AND span = 1 AND track = 0
    ORDER BY second ${order} LIMIT 1`;
}

/** A stretch covered by rollups of one span. */
interface Piece {
  span: number;
  from: number;
  to: number;
}

/** The fewest rollups that add up to the stretch: the longest spans that no bucket's edge cuts, shorter ones at the ends. */
function pieces(start: number, end: number, bucket: number): Piece[] {
  const spans = SPANS.filter((span) => bucket % span === 0);
  const cover = (from: number, to: number, level: number): Piece[] => {
    const span = spans[level];
    if (span === undefined || from >= to) return [];
    const inner = { span, from: Math.ceil(from / span) * span, to: Math.floor(to / span) * span };
    if (inner.from >= inner.to) return cover(from, to, level - 1);
    return [...cover(from, inner.from, level - 1), inner, ...cover(inner.to, to, level - 1)];
  };
  return cover(start, end, spans.length - 1);
}

/** The numbers in the text are whole and checked: standing there, they show the planner how few rows it is. */
function aggregateSql(parts: readonly Piece[], seconds: number, track: number): string {
  // A rollup as long as a bucket is a bucket; only shorter ones are added up.
  const ready = parts.filter(({ span }) => track === 0 && span === seconds).map(readySql);
  const rest = parts.filter(({ span }) => track !== 0 || span !== seconds);
  const all = [...ready, ...(rest.length > 0 ? [addedSql(rest, seconds, track)] : [])];
  return `SELECT string_agg('[' || line || ']', ',' ORDER BY start) AS lines FROM (${all.join(' UNION ALL ')}) AS x`;
}

function readySql({ span, from, to }: Piece): string {
  return `SELECT second AS start, concat_ws(',', second, frames, frames, dropped_busy, dropped_worker, dropped_store,
      readings, abstained, array_to_string(labels, ','), array_to_string(probabilities, ','), valence, arousal, quality)
      AS line
    FROM rollup WHERE session_id = $1::uuid AND span = ${span} AND track = 0 AND second >= ${from} AND second < ${to}`;
}

function addedSql(parts: readonly Piece[], seconds: number, track: number): string {
  const where = parts.map(
    ({ span, from, to }) => `(span = ${span} AND second >= ${from} AND second < ${to})`,
  );
  const only = (of: number) => (track === 0 ? '' : `FILTER (WHERE track = ${of})`);
  const own = (column: string) => `sum(${column}::float8) ${only(track)}`;
  const picture = (column: string) => `coalesce(sum(${column}) ${only(0)}, 0)`;
  const sums = [
    ...[own('frames'), picture('frames'), ...DROPPED.map(picture), own('readings'), own('abstained')],
    ...[...eachOf('labels'), ...eachOf('probabilities'), ...LAST].map(own),
  ];
  return `SELECT start, concat_ws(',', start, ${sums}) AS line
    FROM (SELECT *, second / ${seconds} * ${seconds} AS start FROM rollup
      WHERE session_id = $1::uuid AND track IN (0, ${track}) AND (${where.join(' OR ')})) AS r
    GROUP BY start HAVING bool_or(track = ${track})`;
}

const DROPPED = ['dropped_busy', 'dropped_worker', 'dropped_store'];
const LAST = ['valence', 'arousal', 'quality'];

function eachOf(column: string): string[] {
  return EXPRESSIONS.map((_, at) => `${column}[${at + 1}]`);
}

function bucket(sums: Sums, start: number, end: number): TimelineBucket {
  const [, frames = 0, all = 0, busy = 0, worker = 0, store = 0, readings = 0, abstained = 0] = sums;
  const means = readings === 0 ? null : sums.slice(16).map((sum) => sum / readings / FRACTION);
  const total = all + busy + worker + store;
  return {
    start,
    end,
    frames,
    dropped: { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) },
    readings,
    abstained,
    labels: sums.slice(8, 16),
    probabilities: means?.slice(0, 8) ?? null,
    valence: means && means[8]!,
    arousal: means && means[9]!,
    quality: means && means[10]!,
    coverage: total === 0 ? 0 : frames / total,
  };
}

interface SummaryRow {
  id: string;
  first: number;
  last: number;
  tracks: number;
  line: string;
}

/** All hours of the whole picture; the rest are looks at indexes. */
const SUMMARY = `SELECT n.id::text, (${edge('n.id', 'ASC')}) AS first, (${edge('n.id', 'DESC')}) AS last, h.line,
    (SELECT count(*)::int FROM track AS t WHERE t.session_id = n.id) AS tracks
  FROM session AS n CROSS JOIN LATERAL (
    SELECT concat_ws(',', 0, sum(frames), sum(frames), sum(dropped_busy) + n.trailing_busy,
      sum(dropped_worker) + n.trailing_worker, sum(dropped_store) + n.trailing_store, ${[
        ...['readings', 'abstained', ...eachOf('labels'), ...eachOf('probabilities'), ...LAST],
      ].map((column) => `sum(${column}::float8)`)}) AS line
    FROM rollup AS r WHERE r.session_id = n.id AND r.span = 3600 AND r.track = 0 HAVING count(*) > 0
  ) AS h
  WHERE n.id = ANY($1::text::uuid[])`;

function summarise(row: SummaryRow | undefined): SessionSummary {
  if (row === undefined) return { ...bucket(Array(27).fill(0), 0, 0), tracks: 0 };
  const sums = JSON.parse(`[${row.line}]`) as Sums;
  return { ...bucket(sums, row.first, row.last + 1), tracks: row.tracks };
}
