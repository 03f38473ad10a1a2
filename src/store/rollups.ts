/** Sums over stretches of a session, read from rollups alone: never from the raw rows, and equal to what those give. */
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

/** start, frames, the picture's frames, busy, worker, store, readings, abstained, labels, sums. */
type Sums = [number, number, number, number, number, number, number, number, number[], number[], ...Last];
type Last = [valence: number, arousal: number, quality: number];

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
      if (!isId(sessionId)) return [];
      const extent = await readExtent(prisma, sessionId);
      if (extent === null) return [];
      const start = Math.max(Math.floor(from ?? 0), extent.first);
      const end = Math.min(Math.ceil(to ?? Number.POSITIVE_INFINITY), extent.last + 1);
      if (!(end > start)) return [];
      const seconds = bucketMs / 1000;
      if ((end - start) / seconds > MAX_BUCKETS) throw tooMany(end - start);
      const [row] = await prisma.$queryRawUnsafe<{ buckets: string | null }[]>(
        aggregateSql(pieces(start, end, seconds)),
        sessionId,
        track,
        seconds,
      );
      const sums = JSON.parse(row?.buckets ?? '[]') as Sums[];
      return sums.map((sum) => bucket(sum, Math.max(sum[0], start), Math.min(sum[0] + seconds, end)));
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
    `SELECT min(second) AS first, max(second) AS last FROM rollup WHERE session_id = $1::uuid AND span = 1 AND track = 0`,
    sessionId,
  );
  return row?.first == null || row.last == null ? null : { first: row.first, last: row.last };
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

/** Numbers come from us, not from a client, so they may stand in the text: the planner then sees how few rows it is. */
function aggregateSql(parts: readonly Piece[]): string {
  const where = parts.map(
    ({ span, from, to }) => `(span = ${span} AND second >= ${from} AND second < ${to})`,
  );
  const each = (column: string) =>
    [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `sum(${column}[${i}]) FILTER (WHERE own)`);
  const own = ['readings', 'abstained'].map((column) => `sum(${column}) FILTER (WHERE own)`);
  const dropped = ['busy', 'worker', 'store'].map(
    (reason) => `sum(dropped_${reason}) FILTER (WHERE track = 0)`,
  );
  return `SELECT json_agg(bucket)::text AS buckets FROM (
    SELECT json_build_array(second / $3 * $3, sum(frames) FILTER (WHERE own), sum(frames) FILTER (WHERE track = 0),
      ${dropped}, ${own}, json_build_array(${each('labels')}), json_build_array(${each('probabilities')}),
      ${['valence', 'arousal', 'quality'].map((column) => `sum(${column}) FILTER (WHERE own)`)}) AS bucket
    FROM (SELECT *, track = $2 AS own FROM rollup
      WHERE session_id = $1::uuid AND track IN (0, $2) AND (${where.join(' OR ')})) AS r
    GROUP BY second / $3 HAVING bool_or(own) ORDER BY second / $3) AS b`;
}

function bucket(sums: Sums, start: number, end: number): TimelineBucket {
  const [, frames, all, busy, worker, store, readings, abstained, labels, probabilities, ...last] = sums;
  const mean = (sum: number) => (readings === 0 ? null : sum / readings / FRACTION);
  const total = all + busy + worker + store;
  return {
    start,
    end,
    frames,
    dropped: { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) },
    readings,
    abstained,
    labels,
    probabilities: readings === 0 ? null : probabilities.map((sum) => sum / readings / FRACTION),
    valence: mean(last[0]),
    arousal: mean(last[1]),
    quality: mean(last[2]),
    coverage: total === 0 ? 0 : frames / total,
  };
}

interface SummaryRow {
  id: string;
  first: number;
  last: number;
  tracks: number;
  sums: string;
}

/** All hours of the whole picture; the rest are looks at indexes. */
const SUMMARY = `SELECT s.id::text, h.first, h.last, h.sums,
    (SELECT count(*)::int FROM track AS t WHERE t.session_id = s.id) AS tracks
  FROM unnest($1::text::uuid[]) AS s (id) JOIN session AS n USING (id) CROSS JOIN LATERAL (
    SELECT
      (SELECT min(second) FROM rollup AS f WHERE f.session_id = s.id AND f.span = 1 AND f.track = 0) AS first,
      (SELECT max(second) FROM rollup AS l WHERE l.session_id = s.id AND l.span = 1 AND l.track = 0) AS last,
      json_build_array(0, sum(frames), sum(frames), sum(dropped_busy) + n.trailing_busy,
        sum(dropped_worker) + n.trailing_worker, sum(dropped_store) + n.trailing_store,
        sum(readings), sum(abstained), json_build_array(${[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `sum(labels[${i}])`)}),
        json_build_array(${[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `sum(probabilities[${i}])`)}),
        sum(valence), sum(arousal), sum(quality))::text AS sums
    FROM rollup AS r WHERE r.session_id = s.id AND r.span = 3600 AND r.track = 0 HAVING count(*) > 0
  ) AS h`;

const NOTHING: Sums = [0, 0, 0, 0, 0, 0, 0, 0, Array(8).fill(0), Array(8).fill(0), 0, 0, 0];

function summarise(row: SummaryRow | undefined): SessionSummary {
  if (row === undefined) return { ...bucket(NOTHING, 0, 0), tracks: 0 };
  return { ...bucket(JSON.parse(row.sums) as Sums, row.first, row.last + 1), tracks: row.tracks };
}
