/** The statements that add rollups up. */
import { EXPRESSIONS } from '../../domain/face.ts';
import { DROP_REASONS } from '../../domain/frame.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';

/** Seconds of media time, `to` excluded, covered by rollups of one length. */
export interface SpanRange {
  span: number;
  from: number;
  to: number;
}

/**
 * The fewest rollups that add up to the range: the longest spans that no bucket's edge cuts, shorter ones at the ends.
 * @param bucket in seconds
 */
export function coverBySpans(start: number, end: number, bucket: number): SpanRange[] {
  const spans = ROLLUP_SPANS.filter((span) => bucket % span === 0);
  const cover = (from: number, to: number, level: number): SpanRange[] => {
    const span = spans[level];
    if (span === undefined || from >= to) return [];
    const inner = { span, from: Math.ceil(from / span) * span, to: Math.floor(to / span) * span };
    if (inner.from >= inner.to) return cover(from, to, level - 1);
    return [...cover(from, inner.from, level - 1), inner, ...cover(inner.to, to, level - 1)];
  };
  return cover(start, end, spans.length - 1);
}

/**
 * Selects `sums`, those of all buckets (see SumRow) in one text, separated by `],[`. They come in no particular order:
 * sorting such long texts costs half as much again. The numbers stand in the statement (they are whole, and checked) to
 * show the planner how few rows it is.
 * @param ranges of session $1
 * @param bucket in seconds
 * @param track 0: the whole picture
 */
export function aggregateSql(ranges: readonly SpanRange[], bucket: number, track: number): string {
  // A rollup as long as a bucket is a bucket; only shorter ones are added up.
  const isBucket = ({ span }: SpanRange) => track === 0 && span === bucket;
  const shorter = ranges.filter((range) => !isBucket(range));
  const selects = ranges.filter(isBucket).map(selectRollups);
  if (shorter.length > 0) selects.push(selectAdded(shorter, bucket, track));
  return `SELECT string_agg(sums, '],[') AS sums FROM (${selects.join(' UNION ALL ')}) AS x`;
}

/** How many frames rollups of session $1 hold, and how many microseconds they stand for. */
export function tallySql(ranges: readonly SpanRange[]): string {
  return `SELECT coalesce(sum(frames), 0)::float8 AS frames, coalesce(sum(covered), 0)::float8 AS covered FROM rollup
    WHERE session_id = $1::uuid AND track = 0 AND (${anyOf(ranges)})`;
}

function anyOf(ranges: readonly SpanRange[]): string {
  return ranges
    .map(({ span, from, to }) => `(span = ${span} AND second >= ${from} AND second < ${to})`)
    .join(' OR ');
}

function selectRollups({ span, from, to }: SpanRange): string {
  return `SELECT concat_ws(',', second, frames, ${[...DROPPED]}, covered, readings, abstained,
      ${['labels', 'probabilities', 'durations'].map((list) => `array_to_string(${list}, ',')`)}, valence, arousal, quality,
      ${milliseconds('started_at')}, ${milliseconds('ended_at')}) AS sums
    FROM rollup WHERE session_id = $1::uuid AND span = ${span} AND track = 0 AND second >= ${from} AND second < ${to}
      AND ${HOLDS_TIME}`;
}

function selectAdded(ranges: readonly SpanRange[], bucket: number, track: number): string {
  const only = (of: number) => (track === 0 ? '' : `FILTER (WHERE track = ${of})`);
  const ofTrack = (column: string) => `(sum(${column}::float8) ${only(track)})::bigint`;
  const ofPicture = (column: string) => `coalesce(sum(${column}) ${only(0)}, 0)`;
  const sums = [
    ...[ofTrack('frames'), ...DROPPED.map(ofPicture), ...SUMMED.map(ofTrack)],
    ...wallTimes('track = 0'),
  ];
  return `SELECT concat_ws(',', start, ${sums}) AS sums
    FROM (SELECT *, second / ${bucket} * ${bucket} AS start FROM rollup
      WHERE session_id = $1::uuid AND track IN (0, ${track}) AND (${anyOf(ranges)})) AS r
    GROUP BY start HAVING bool_or(track = ${track} AND ${HOLDS_TIME})`;
}

/** Of the rollups with a frame, if there is one among them. */
export function wallTimes(which: string): string[] {
  const edge = (how: 'min' | 'max', column: string) =>
    milliseconds(
      `coalesce(${how}(${column}) FILTER (WHERE ${which} AND frames > 0), ${how}(${column}) FILTER (WHERE ${which}))`,
    );
  return [edge('min', 'started_at'), edge('max', 'ended_at')];
}

/** 0: none. */
function milliseconds(time: string): string {
  return `coalesce((date_part('epoch', ${time}) * 1000)::bigint, 0)`;
}

/** A moment that was taken to stand until into the next second, and does not, leaves a rollup of nothing. */
const HOLDS_TIME = '(frames > 0 OR covered > 0)';
export const DROPPED = DROP_REASONS.map((reason) => `dropped_${reason}`);
const elementsOf = (column: string) => EXPRESSIONS.map((_, at) => `${column}[${at + 1}]`);
/** As a SumRow goes on behind the dropped frames. */
export const SUMMED = [
  ...['covered', 'readings', 'abstained'],
  ...['labels', 'probabilities', 'durations'].flatMap(elementsOf),
  ...['valence', 'arousal', 'quality'],
];

/** The ids in $1, each once. Joined: where rows are filtered by such a list, it is read from its text again for each row. */
export const SESSIONS = '(SELECT DISTINCT unnest($1::text::uuid[])) AS asked (id)';

/** Of the sessions $1, also those without any frame: all hours of the whole picture, added up; the rest are look-ups in indexes. */
export const SUMMARY = `SELECT n.id::text, n.media_start AS start, n.media_end AS "end", h.sums, ${erasedOf('n.id')} AS erased,
    n.smallest_face AS "smallestFace", concat_ws(',', ${DROP_REASONS.map((reason) => `n.trailing_${reason}`)}) AS trailing,
    (SELECT count(*)::int FROM track AS t WHERE t.session_id = n.id) AS tracks
  FROM ${SESSIONS} JOIN session AS n ON n.id = asked.id CROSS JOIN LATERAL (
    SELECT concat_ws(',', 0, ${[
      total('frames'),
      ...DROPPED.map((column) => `${total(column)} + n.${column.replace('dropped', 'trailing')}`),
      ...SUMMED.map(total),
      ...wallTimes('true'),
    ]}) AS sums
    FROM rollup AS r WHERE r.session_id = n.id AND r.span = 3600 AND r.track = 0
  ) AS h`;

/** The same of pieces of sessions $1: rollups of length $2 from second $3 up to $4, which is excluded. */
export const SUMMARY_OF_STRETCHES = `SELECT p.id::text, concat_ws(',', 0, ${[
  ...['frames', ...DROPPED, ...SUMMED].map(total),
  ...wallTimes('true'),
]}) AS sums
  FROM unnest($1::text::uuid[], $2::text::int[], $3::text::int[], $4::text::int[]) AS p (id, length, start, stop)
    JOIN rollup AS r ON r.session_id = p.id AND r.span = p.length AND r.track = 0 AND r.second >= p.start AND r.second < p.stop
  GROUP BY p.id`;

/** How many tracks of sessions $1 were followed at some time from second $2 up to $3. */
export const TRACKS_IN_STRETCHES = `SELECT p.id::text, count(DISTINCT t.track)::int AS tracks
  FROM unnest($1::text::uuid[], $2::text::int[], $3::text::int[]) AS p (id, start, stop)
    JOIN track AS t ON t.session_id = p.id AND t.first_seen < p.stop AND t.last_seen >= p.start
  GROUP BY p.id`;

function total(column: string): string {
  return `coalesce(sum(${column}::float8), 0)`;
}

/** First and last second of session $1 of which there are sums, and where its source began and ended. */
export const EXTENT = `SELECT (${edgeSecond('$1::uuid', 'ASC')}) AS first, (${edgeSecond('$1::uuid', 'DESC')}) AS last,
    media_start AS start, media_end AS "end", ${erasedOf('session.id')} AS erased
  FROM session WHERE id = $1::uuid`;

/** As JSON: a list of begin and end, in order; null where nothing was erased. */
export function erasedOf(session: string): string {
  return `(SELECT json_agg(json_build_array(since, until) ORDER BY since)::text FROM erased_stretch AS z WHERE z.session_id = ${session})`;
}

/** The first second of session $1 from $2 on of which there are sums. */
export const NEXT_SECOND = edgeSecond('$1::uuid AND second >= $2::int', 'ASC');

/** Not min() or max(): without statistics, which PGlite never gathers, those read the whole session. */
function edgeSecond(session: string, order: 'ASC' | 'DESC'): string {
  return `SELECT second FROM rollup WHERE session_id = ${session} AND span = 1 AND track = 0 AND ${HOLDS_TIME}
    ORDER BY second ${order} LIMIT 1`;
}
