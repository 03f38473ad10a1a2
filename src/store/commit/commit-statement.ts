/** The one statement that a commit is: one transaction and one round trip, however many rows of how many tables. */
import { HALF_STEP } from '../../domain/erasure.ts';
import { EXPRESSION_ENUM } from '../sql/expression-codes.ts';
import { IS_LIVE } from '../sql/live-sessions.ts';
import { STRIDE } from './flat-rows.ts';

/** One row for each row of a flat array: `o` is the offset before its first value. */
function rows(array: string, stride: number): string {
  return `input, generate_series(0, coalesce(cardinality(${array}), 0) - 1, ${stride}) AS o`;
}

const EPOCH = `date '1970-01-01'`;
const MOMENT_DAY = `${EPOCH} + floor(m[k + 4] / 86400000)::int`;
const add = (column: string) => `${column} = rollup.${column} + excluded.${column}`;
/** As `joinPlaces` of encode-sums.ts joins them. */
const join = (column: string, how: 'least' | 'greatest') =>
  `${column} = CASE WHEN (rollup.frames > 0) = (excluded.frames > 0) THEN ${how}(rollup.${column}, excluded.${column})
    WHEN rollup.frames > 0 THEN rollup.${column} ELSE excluded.${column} END`;
const TIME = (milliseconds: string) => `to_timestamp(${milliseconds} / 1000)`;
const addEach = (column: string) =>
  `${column} = ARRAY[${[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `rollup.${column}[${i}] + excluded.${column}[${i}]`)}]`;

/**
 * All or nothing: while it runs it locks its sessions, so that none is removed or taken over meanwhile, and where one is not
 * live, or not this worker's (any more), it has no input, and writes nothing. Of an episode that an erased stretch has cut, what still comes is not written.
 *
 * Its parameters (see `encodeBatch`) have short names, because each value of a row is taken by one: `s` session ids,
 * `n` what the sessions come to, `m` moments, `i` and `r` integers and reals of readings, `au` action units, `lm`
 * landmarks, `u` rollups, `t` tracks, `e` episodes, `w` writers, and last who runs the sessions; `k` is the offset of a moment in `m`, `q` that of a reading in `r`.
 * `input` is read once; a cast beside each use would take the whole array again for every row.
 * @returns the ids of its sessions; none where one of them is gone, has ended, or is another worker's
 */
export const COMMIT = `
WITH locked AS MATERIALIZED (
  SELECT id FROM session WHERE id = ANY($1::text::uuid[]) AND ${IS_LIVE} AND worker_id = $12::text::uuid
  ORDER BY id FOR NO KEY UPDATE
), input AS MATERIALIZED (
  SELECT $1::text::uuid[] AS s, $2::float8[] AS n, $3::float8[] AS m, $4::int[] AS i,
    $5::real[] AS r, $6::real[] AS au, $7::bytea AS lm, $8::bigint[] AS u,
    $9::float8[] AS t, $10::float8[] AS e, $11::float8[] AS w
  WHERE (SELECT count(*) FROM locked) = cardinality($1::text::uuid[])
), new_moments AS (
  INSERT INTO moment (session_id, seq, day, media_time, wall_time, dropped_busy, dropped_worker, dropped_store,
    dropped_source, previous_duration, cut, loop_index, source_time, position)
  SELECT s[m[k + 1]::int], m[k + 2]::int, ${MOMENT_DAY}, m[k + 3], to_timestamp(m[k + 4] / 1000),
    m[k + 5]::int, m[k + 6]::int, m[k + 7]::int, m[k + 8]::int, m[k + 9], m[k + 10] = 1,
    nullif(m[k + 11], 'NaN')::int, nullif(m[k + 12], 'NaN'), m[k + 13]::bigint
  FROM (SELECT s, m, o AS k FROM ${rows('m', STRIDE.moment)}) AS x
), new_readings AS (
  INSERT INTO reading (session_id, seq, track, day, expression, x, y, width, height, confidence, agreement, valence,
    arousal, yaw, pitch, roll, quality, issues, probabilities, raw_probabilities, action_units, landmarks)
  SELECT s[m[k + 1]::int], m[k + 2]::int, i[o + 2], ${MOMENT_DAY}, (${EXPRESSION_ENUM})[i[o + 3]],
    r[q + 1], r[q + 2], r[q + 3], r[q + 4], r[q + 5], r[q + 6], r[q + 7], r[q + 8], r[q + 9], r[q + 10], r[q + 11],
    r[q + 12], i[o + 4], r[q + 13 : q + 20], r[q + 21 : q + 28],
    au[coalesce(i[o - 1], 0) + 1 : i[o + 5]], substring(lm FROM coalesce(i[o], 0) + 1 FOR i[o + 6] - coalesce(i[o], 0))
  FROM (SELECT s, m, i, r, au, lm, o, i[o + 1] * ${STRIDE.moment} AS k, o / ${STRIDE.readingInts} * ${STRIDE.readingReals} AS q
    FROM ${rows('i', STRIDE.readingInts)}) AS x
), new_rollups AS (
  INSERT INTO rollup (session_id, span, track, second, frames, dropped_busy, dropped_worker, dropped_store, dropped_source,
    covered, readings, abstained, labels, probabilities, durations, valence, arousal, quality,
    first_seq, started_at, ended_at)
  SELECT s[u[o + 1]], u[o + 2], u[o + 3], u[o + 4], u[o + 5], u[o + 6], u[o + 7], u[o + 8], u[o + 9], u[o + 10],
    u[o + 11], u[o + 12], u[o + 13 : o + 20]::int[], u[o + 21 : o + 28], u[o + 29 : o + 36], u[o + 37], u[o + 38], u[o + 39],
    nullif(u[o + 40], -1), ${TIME('nullif(u[o + 41], -1)::float8')}, ${TIME('nullif(u[o + 42], -1)::float8')}
  FROM ${rows('u', STRIDE.rollup)}
  ON CONFLICT (session_id, span, track, second) DO UPDATE SET ${['frames', 'dropped_busy', 'dropped_worker', 'dropped_store', 'dropped_source', 'covered', 'readings', 'abstained', 'valence', 'arousal', 'quality'].map(add)},
    ${['labels', 'probabilities', 'durations'].map(addEach)},
    ${[join('first_seq', 'least'), join('started_at', 'least'), join('ended_at', 'greatest')]}
), new_tracks AS (
  INSERT INTO track (session_id, track, first_seen, last_seen, readings, started_at, ended_at)
  SELECT s[t[o + 1]::int], t[o + 2]::int, t[o + 3], t[o + 4], t[o + 5]::int, ${TIME('t[o + 6]')}, ${TIME('t[o + 7]')} FROM ${rows('t', STRIDE.track)}
  ON CONFLICT (session_id, track) DO UPDATE SET first_seen = least(track.first_seen, excluded.first_seen),
    last_seen = greatest(track.last_seen, excluded.last_seen), readings = track.readings + excluded.readings,
    started_at = CASE WHEN excluded.first_seen < track.first_seen THEN excluded.started_at ELSE track.started_at END,
    ended_at = CASE WHEN excluded.last_seen > track.last_seen THEN excluded.ended_at ELSE track.ended_at END
), new_episodes AS (
  INSERT INTO episode (session_id, index, track, expression, onset, apex, "offset", peak, started_at, ended_at, onset_at, apex_at, offset_at)
  SELECT s[e[o + 1]::int], e[o + 2]::int, e[o + 3]::int, (${EXPRESSION_ENUM})[e[o + 4]::int], e[o + 5], e[o + 6],
    nullif(e[o + 7], 'NaN'), e[o + 8], ${TIME('e[o + 9]')}, ${TIME(`nullif(e[o + 10], 'NaN')`)},
    nullif(e[o + 11], 'NaN')::bigint, nullif(e[o + 12], 'NaN')::bigint, nullif(e[o + 13], 'NaN')::bigint
  FROM ${rows('e', STRIDE.episode)}
  WHERE NOT EXISTS (SELECT 1 FROM erased_stretch AS z
    WHERE z.session_id = s[e[o + 1]::int] AND z.until - ${HALF_STEP} > e[o + 5] AND (e[o + 7] = 'NaN' OR z.since - ${HALF_STEP} <= e[o + 7]))
  ON CONFLICT (session_id, index) DO UPDATE SET apex = excluded.apex, "offset" = excluded."offset", peak = excluded.peak,
    ended_at = excluded.ended_at,
    onset_at = coalesce(episode.onset_at, excluded.onset_at), apex_at = coalesce(excluded.apex_at, episode.apex_at),
    offset_at = coalesce(excluded.offset_at, episode.offset_at)
), new_positions AS (
  UPDATE writer SET newest = greatest(newest, w[o + 2]::bigint), first_day = least(first_day, ${EPOCH} + nullif(w[o + 3], 'NaN')::int),
    last_day = greatest(last_day, ${EPOCH} + nullif(w[o + 4], 'NaN')::int)
  FROM ${rows('w', STRIDE.writer)} WHERE id = w[o + 1]::int
)
UPDATE session SET last_seq = greatest(last_seq, n[o + 2]::int),
  first_day = CASE WHEN n[o + 2] < 0 THEN first_day ELSE least(first_day, ${EPOCH} + n[o + 3]::int) END,
  last_day = CASE WHEN n[o + 2] < 0 THEN last_day ELSE greatest(last_day, ${EPOCH} + n[o + 4]::int) END,
  trailing_busy = greatest(trailing_busy, n[o + 5]::int), trailing_worker = greatest(trailing_worker, n[o + 6]::int),
  trailing_store = greatest(trailing_store, n[o + 7]::int), trailing_source = greatest(trailing_source, n[o + 8]::int),
  media_start = CASE WHEN n[o + 2] < 0 THEN media_start ELSE least(media_start, n[o + 9]) END,
  media_end = greatest(CASE WHEN n[o + 2] < last_seq THEN media_end ELSE nullif(n[o + 10], 'NaN') END, nullif(n[o + 11], 'NaN'))
FROM ${rows('n', STRIDE.session)}
WHERE id = s[n[o + 1]::int]
RETURNING id::text`;
