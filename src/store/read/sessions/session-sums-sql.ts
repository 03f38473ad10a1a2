/** The statements that add rollups of several sessions up. */
import { ROLLUP_SPANS } from '../../sql/rollup-spans.ts';
import { DROPPED, erasedOf, SESSIONS, SUMMED } from '../rollup-sql.ts';

const LONGEST_SPAN = Math.max(...ROLLUP_SPANS);
/** The longest first. */
const WITHIN_HOUR = ROLLUP_SPANS.filter((span) => span < LONGEST_SPAN).toReversed();

/** Of the sessions $1: where they lie in time. */
export const TIMES = `SELECT n.id::text, n.media_start AS start, n.media_end AS "end", ${erasedOf('n.id')} AS erased,
    ${DROPPED.map((column) => `n.${column.replace('dropped', 'trailing')} AS ${column.replace('dropped_', '')}`).join(', ')},
    extract(epoch FROM coalesce(w.first, n.started_at))::float8 AS "firstAt",
    extract(epoch FROM coalesce(w.last, n.started_at))::float8 AS "lastAt"
  FROM ${SESSIONS} JOIN session AS n ON n.id = asked.id CROSS JOIN LATERAL (
    SELECT min(r.started_at) AS first, max(r.ended_at) AS last FROM rollup AS r
    WHERE r.session_id = n.id AND r.span = ${LONGEST_SPAN} AND r.track = 0 OFFSET 0) AS w`;

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

/**
 * Of each part $1: how many faces were followed in its stretches, from $3 up to $4 of session $2; those of a session stand in order.
 * Each track is looked at once, however many stretches there are: it was followed in those from the first that ends behind its
 * beginning to the last that begins before its end, found by halves.
 */
export const TRACKS = `SELECT s.parts[n] AS part, count(DISTINCT t.track)::int AS tracks
  FROM (SELECT session, array_agg(part ORDER BY place) AS parts, array_agg(since ORDER BY place) AS sinces, array_agg(until ORDER BY place) AS untils
    FROM unnest($1::text::int[], $2::text::uuid[], $3::text::float8[], $4::text::float8[]) WITH ORDINALITY AS p (part, session, since, until, place)
    GROUP BY session) AS s
    CROSS JOIN LATERAL (SELECT track, first_seen, last_seen FROM track WHERE session_id = s.session OFFSET 0) AS t
    CROSS JOIN LATERAL generate_series(width_bucket(t.first_seen, s.untils) + 1, width_bucket(t.last_seen, s.sinces)) AS n
  GROUP BY s.session, part`;

/**
 * Of each border in a session $1, at $2 seconds since the epoch: the first second that begins behind it. Of the hours the first that
 * is not all before it, for all borders in one pass; and within it down the spans: of the first rollup that is not all before it, the
 * first within, and so on. Where moments are apart, it lies as long before the next moment as that was after the border. None where
 * all moments are before it.
 */
export const CUTS = `WITH border AS (
    SELECT session, border, number FROM unnest($1::text::uuid[], $2::text::float8[]) WITH ORDINALITY AS b (session, border, number)
  ), hour AS (
    SELECT r.session_id, r.second, max(extract(epoch FROM r.ended_at)::float8) OVER (PARTITION BY r.session_id ORDER BY r.second) AS reached
    FROM (SELECT DISTINCT session FROM border) AS n CROSS JOIN LATERAL (SELECT session_id, second, ended_at FROM rollup
      WHERE session_id = n.session AND span = ${LONGEST_SPAN} AND track = 0 OFFSET 0) AS r
  ), p AS (
    SELECT session, border, number, min(second) OVER (PARTITION BY session ORDER BY border DESC, number NULLS FIRST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS second
    FROM (SELECT session, border, number, NULL::int AS second FROM border
      UNION ALL SELECT session_id, reached, NULL, second FROM hour) AS of_both
  )
  SELECT p.number::int, CASE WHEN s.began < p.border THEN s.second + 1 ELSE s.gap END AS second
  FROM p
    ${WITHIN_HOUR.map(firstNotBefore).join('\n    ')}
    CROSS JOIN LATERAL (SELECT s1.second, extract(epoch FROM s1.started_at)::float8 AS began,
        least(s1.second, greatest(s1.second - round(extract(epoch FROM s1.started_at) - p.border), before.second + 1, 0))::int AS gap
      FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT r.second FROM rollup AS r
        WHERE r.session_id = p.session AND r.span = 1 AND r.track = 0 AND r.second < s1.second
        ORDER BY r.second DESC LIMIT 1) AS before ON true
    ) AS s
  WHERE p.number IS NOT NULL AND p.second IS NOT NULL`;

function firstNotBefore(span: number, at: number): string {
  const longer = WITHIN_HOUR[at - 1];
  const first = longer === undefined ? 'p.second' : `s${longer}.second`;
  return `CROSS JOIN LATERAL (SELECT r.second, r.started_at FROM rollup AS r
      WHERE r.session_id = p.session AND r.span = ${span} AND r.track = 0
        AND r.second >= ${first} AND r.second < ${first} + ${longer ?? LONGEST_SPAN} AND r.ended_at >= to_timestamp(p.border)
      ORDER BY r.second LIMIT 1) AS s${span}`;
}
