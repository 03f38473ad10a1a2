/** The statements that add rollups of several sessions up. */
import { ROLLUP_SPANS } from '../../sql/rollup-spans.ts';
import { DROPPED, erasedOf, SUMMED } from '../rollup-sql.ts';

const LONGEST_SPAN = Math.max(...ROLLUP_SPANS);

/** Of the sessions $1: where they lie in time. */
export const TIMES = `SELECT n.id::text, n.media_start AS start, n.media_end AS "end", ${erasedOf('n.id')} AS erased,
    ${DROPPED.map((column) => `n.${column.replace('dropped', 'trailing')} AS ${column.replace('dropped_', '')}`).join(', ')},
    extract(epoch FROM coalesce(w.first, n.started_at))::float8 AS "firstAt",
    extract(epoch FROM coalesce(w.last, n.started_at))::float8 AS "lastAt"
  FROM session AS n CROSS JOIN LATERAL (
    SELECT min(r.started_at) AS first, max(r.ended_at) AS last FROM rollup AS r
    WHERE r.session_id = n.id AND r.span = ${LONGEST_SPAN} AND r.track = 0 OFFSET 0) AS w
  WHERE n.id = ANY($1::text::uuid[])`;

/** Each row of the arrays: a stretch, its session, and rollups of one length in it; their bucket, or null where they tell it. */
const PIECES = `unnest($1::text::int[], $2::text::uuid[], $3::text::int[], $4::text::int[], $5::text::int[], $6::text::int[])
    AS p (stretch, session, span, since, until, bucket)`;

const OWN_KEY = (seconds: number) => `p.stretch, coalesce(p.bucket, second / ${seconds})`;

/** The inner statement keeps its own plan (OFFSET 0): one look into the index for each piece, also where the planner knows nothing of the table. */
const ROLLUPS = `${PIECES} CROSS JOIN LATERAL (
    SELECT * FROM rollup AS r WHERE r.session_id = p.session AND r.span = p.span AND r.track = 0
      AND r.second >= p.since AND r.second < p.until OFFSET 0) AS r`;

/**
 * Selects `sums`, those of each stretch and bucket in one text, separated by `],[`: stretch, bucket, and then as a SumRow goes on
 * behind its start.
 * @param seconds length of a bucket
 */
export function addedSql(seconds: number): string {
  const sums = ['frames', ...DROPPED, ...SUMMED].map((column) => `sum(${column}::float8)`);
  return `SELECT string_agg(sums, '],[') AS sums FROM (
    SELECT concat_ws(',', ${OWN_KEY(seconds)}, ${sums.join()}) AS sums FROM ${ROLLUPS} GROUP BY ${OWN_KEY(seconds)}) AS x`;
}

/** The same of rollups that there is nothing to be added to: that costs half as much. */
export function singleSql(seconds: number): string {
  const lists = ['labels', 'probabilities', 'durations'].map((list) => `array_to_string(${list}, ',')`);
  const columns = [
    'frames',
    ...DROPPED,
    'covered',
    'readings',
    'abstained',
    ...lists,
    'valence',
    'arousal',
    'quality',
  ];
  return `SELECT string_agg(concat_ws(',', ${OWN_KEY(seconds)}, ${columns.join()}), '],[') AS sums FROM ${ROLLUPS}`;
}

/** Of each stretch, from $3 to $4 of session $2: how many faces were followed in it. */
export const TRACKS = `SELECT p.stretch, count(*)::int AS tracks
  FROM unnest($1::text::int[], $2::text::uuid[], $3::text::float8[], $4::text::float8[]) AS p (stretch, session, since, until)
    CROSS JOIN LATERAL (SELECT 1 FROM track AS t
      WHERE t.session_id = p.session AND t.first_seen < p.until AND t.last_seen >= p.since OFFSET 0) AS t
  GROUP BY p.stretch`;

/**
 * Of each border in a session $1, at $2 seconds since the epoch: the first second that begins behind it. Down the spans: of the
 * first rollup that is not all before it, the first within, and so on. Where moments are apart, it lies as long before the next
 * moment as that was after the border. None where all moments are before it.
 */
export const CUTS = `SELECT p.number::int, CASE WHEN s.began < p.border THEN s.second + 1 ELSE s.gap END AS second
  FROM unnest($1::text::uuid[], $2::text::float8[]) WITH ORDINALITY AS p (session, border, number)
    ${ROLLUP_SPANS.map(firstNotBefore).reverse().join('\n    ')}
    CROSS JOIN LATERAL (SELECT s1.second, extract(epoch FROM s1.started_at)::float8 AS began,
        least(s1.second, greatest(s1.second - round(extract(epoch FROM s1.started_at) - p.border), before.second + 1, 0))::int AS gap
      FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT r.second FROM rollup AS r
        WHERE r.session_id = p.session AND r.span = 1 AND r.track = 0 AND r.second < s1.second
        ORDER BY r.second DESC LIMIT 1) AS before ON true
    ) AS s`;

function firstNotBefore(span: number, at: number): string {
  const longer = ROLLUP_SPANS[at + 1];
  const within =
    longer === undefined
      ? ''
      : `AND r.second >= s${longer}.second AND r.second < s${longer}.second + ${longer}`;
  return `CROSS JOIN LATERAL (SELECT r.second, r.started_at FROM rollup AS r
      WHERE r.session_id = p.session AND r.span = ${span} AND r.track = 0 ${within} AND r.ended_at >= to_timestamp(p.border)
      ORDER BY r.second LIMIT 1) AS s${span}`;
}
