/**
 * Sums of stretches that begin or end within a second, which no rollup tells: from the moments and readings themselves. They count as in
 * rollups: a moment where it stands, and its time where it lasts. What retention has deleted already is not told.
 */
import { EXPRESSIONS } from '../../../domain/face.ts';
import { DROP_REASONS } from '../../../domain/frame.ts';
import { FRACTION, MICROSECONDS } from '../../../domain/quantise.ts';
import type { RequestBudget } from '../../../domain/request-budget.ts';
import type { PrismaClient } from '../../generated/client.ts';

/** A part of one second. */
export interface SecondPart {
  /** Which stretch, by its place. */
  stretch: number;
  bucket: number;
  /** Seconds of media time, `to` excluded. */
  from: number;
  to: number;
}

/** Seconds that one statement looks into: whoever else asks waits for no more. */
const PER_STATEMENT = 200;

/** @returns for each of them: its stretch, and then a SumRow that begins with its bucket */
export async function readMomentSums(
  prisma: PrismaClient,
  parts: readonly SecondPart[],
  sessionOf: (part: SecondPart) => string,
  work?: RequestBudget,
): Promise<number[][]> {
  const rows: number[][] = [];
  for (let at = 0; at < parts.length; at += PER_STATEMENT) {
    work?.assertWanted();
    const some = parts.slice(at, at + PER_STATEMENT);
    const column = (value: (part: SecondPart) => number | string) => `{${some.map(value).join()}}`;
    const [row] = await prisma.$queryRawUnsafe<{ sums: string | null }[]>(
      MOMENT_SUMS,
      column(({ stretch }) => stretch),
      column(sessionOf),
      column(({ from }) => from),
      column(({ to }) => to),
      column(({ bucket }) => bucket),
    );
    if (row?.sums != null) rows.push(...(JSON.parse(`[[${row.sums}]]`) as number[][]));
  }
  return rows;
}

const DAY_OF = (time: string) => `(${time} AT TIME ZONE 'UTC')::date`;
const MOMENT =
  'm.seq, m.day, m.media_time, m.previous_duration, m.dropped_busy, m.dropped_worker, m.dropped_store, m.dropped_source';

/** Days are compared with what was found before, so that other partitions are not looked into. */
const momentsOf = (where: string, firstDay: string, lastDay: string) =>
  `SELECT ${MOMENT} FROM moment AS m WHERE m.session_id = p.session AND m.day >= ${firstDay} AND m.day <= ${lastDay} AND ${where}`;

/** The second, and the next one with a moment. */
const SECOND = `SELECT r.first_seq, ${DAY_OF('r.started_at')} AS first_day, ${DAY_OF('r.ended_at')} AS last_day,
    n.first_seq AS next_seq, ${DAY_OF('n.started_at')} AS next_day, ${DAY_OF('n.ended_at')} AS next_last_day
  FROM rollup AS r LEFT JOIN LATERAL (SELECT first_seq, started_at, ended_at FROM rollup AS f
    WHERE f.session_id = p.session AND f.span = 1 AND f.track = 0 AND f.frames > 0 AND f.second > r.second
    ORDER BY f.second LIMIT 1) AS n ON true
  WHERE r.session_id = p.session AND r.span = 1 AND r.track = 0 AND r.second = floor(p.since)::int`;

/** What stands in the second, the moment before that, which may last into it, and the one behind, which tells how long the last of them stands. */
const MOMENTS = `SELECT x.*, coalesce(lead(x.previous_duration) OVER (ORDER BY x.seq),
      CASE WHEN g.media_end > x.media_time THEN least(x.previous_duration, g.media_end - x.media_time) ELSE x.previous_duration END) AS stands
  FROM (
    (${momentsOf('m.seq < s.first_seq ORDER BY m.seq DESC LIMIT 1', 's.first_day - 1', 's.last_day')})
    UNION ALL (${momentsOf('m.seq >= s.first_seq AND m.seq < coalesce(s.next_seq, 2147483647)', 's.first_day', 's.last_day')})
    UNION ALL (${momentsOf('m.seq = s.next_seq', 's.next_day', 's.next_last_day')})
  ) AS x`;

const each = (sql: (expression: string, at: number) => string) => EXPRESSIONS.map(sql);
const READINGS = `SELECT count(*) AS readings, count(*) FILTER (WHERE r.expression IS NULL) AS abstained,
    ${each((label, at) => `count(*) FILTER (WHERE r.expression = '${label}') AS label${at}`)},
    ${each((_, at) => `sum(r.probabilities[${at + 1}]::float8) AS probability${at}`)},
    sum(r.valence::float8) AS valence, sum(r.arousal::float8) AS arousal, sum(r.quality::float8) AS quality
  FROM reading AS r WHERE r.session_id = p.session AND r.seq = m.seq AND r.day = m.day`;

const micros = (seconds: string) => `round(${seconds} * ${MICROSECONDS})`;
const TIME = `greatest(0, least(${micros('p.until')}, ${micros('m.media_time')} + ${micros('m.stands')})
      - greatest(${micros('p.since')}, ${micros('m.media_time')}))`;

const stood = (column: string) => `coalesce(sum(${column}) FILTER (WHERE stands_in), 0)`;
const fractions = (column: string) =>
  `round(coalesce(sum(${column}) FILTER (WHERE stands_in), 0) * ${FRACTION})`;
const SUMS = [
  ...['stretch', 'bucket', 'count(*) FILTER (WHERE stands_in)'],
  ...DROP_REASONS.map((reason) => stood(`dropped_${reason}`)),
  ...['coalesce(sum(time), 0)', stood('readings'), stood('abstained')],
  ...each((_, at) => stood(`label${at}`)),
  ...each((_, at) => fractions(`probability${at}`)),
  ...each((_, at) => `coalesce(sum(label${at} * time), 0)`),
  ...['valence', 'arousal', 'quality'].map(fractions),
];

/** Of each part of a second, from $3 up to $4 of session $2. */
const MOMENT_SUMS = `SELECT string_agg(sums, '],[') AS sums FROM (
    SELECT concat_ws(',', ${SUMS.join()}) AS sums FROM (
      SELECT p.stretch, p.bucket, m.*, f.*, ${TIME} AS time, m.media_time >= p.since AND m.media_time < p.until AS stands_in
      FROM unnest($1::text::int[], $2::text::uuid[], $3::text::float8[], $4::text::float8[], $5::text::int[])
          AS p (stretch, session, since, until, bucket)
        JOIN session AS g ON g.id = p.session
        CROSS JOIN LATERAL (${SECOND}) AS s
        CROSS JOIN LATERAL (${MOMENTS}) AS m
        CROSS JOIN LATERAL (${READINGS}) AS f
      WHERE m.media_time < p.until AND (m.media_time >= p.since OR m.media_time + m.stands > p.since)
    ) AS y GROUP BY stretch, bucket) AS z`;
