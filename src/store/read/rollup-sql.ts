/** The statements that add rollups up. */
import { EXPRESSIONS } from '../../domain/face.ts';

/** Lengths of rollups in seconds, each a multiple of the one before: buckets of any usual length add up a few. */
export const SPANS = [1, 10, 60, 600, 3600] as const;

/** Not min() or max(): without statistics, which PGlite never gathers, those read the whole session. */
function edge(session: string, order: 'ASC' | 'DESC'): string {
  return `SELECT second FROM rollup WHERE session_id = ${session} AND span = 1 AND track = 0
    ORDER BY second ${order} LIMIT 1`;
}

/** A stretch covered by rollups of one span. */
export interface Piece {
  span: number;
  from: number;
  to: number;
}

/** The fewest rollups that add up to the stretch: the longest spans that no bucket's edge cuts, shorter ones at the ends. */
export function pieces(start: number, end: number, bucket: number): Piece[] {
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

/**
 * Gives `lines`, the lines of all buckets in one text, parted by `],[`. They come in no particular order: sorting such
 * long texts costs half as much again. The numbers in the statement are whole and checked: standing there,
 * they show the planner how few rows it is.
 */
export function aggregateSql(parts: readonly Piece[], seconds: number, track: number): string {
  // A rollup as long as a bucket is a bucket; only shorter ones are added up.
  const ready = parts.filter(({ span }) => track === 0 && span === seconds).map(readySql);
  const rest = parts.filter(({ span }) => track !== 0 || span !== seconds);
  const all = [...ready, ...(rest.length > 0 ? [addedSql(rest, seconds, track)] : [])];
  return `SELECT string_agg(line, '],[') AS lines FROM (${all.join(' UNION ALL ')}) AS x`;
}

function readySql({ span, from, to }: Piece): string {
  return `SELECT concat_ws(',', second, frames, frames, dropped_busy, dropped_worker, dropped_store,
      readings, abstained, array_to_string(labels, ','), array_to_string(probabilities, ','), valence, arousal, quality)
      AS line
    FROM rollup WHERE session_id = $1::uuid AND span = ${span} AND track = 0 AND second >= ${from} AND second < ${to}`;
}

function addedSql(parts: readonly Piece[], seconds: number, track: number): string {
  const where = parts.map(
    ({ span, from, to }) => `(span = ${span} AND second >= ${from} AND second < ${to})`,
  );
  const only = (of: number) => (track === 0 ? '' : `FILTER (WHERE track = ${of})`);
  const own = (column: string) => `(sum(${column}::float8) ${only(track)})::bigint`;
  const picture = (column: string) => `coalesce(sum(${column}) ${only(0)}, 0)`;
  const sums = [
    ...[own('frames'), picture('frames'), ...DROPPED.map(picture), own('readings'), own('abstained')],
    ...[...eachOf('labels'), ...eachOf('probabilities'), ...LAST].map(own),
  ];
  return `SELECT concat_ws(',', start, ${sums}) AS line
    FROM (SELECT *, second / ${seconds} * ${seconds} AS start FROM rollup
      WHERE session_id = $1::uuid AND track IN (0, ${track}) AND (${where.join(' OR ')})) AS r
    GROUP BY start HAVING bool_or(track = ${track})`;
}

const DROPPED = ['dropped_busy', 'dropped_worker', 'dropped_store'];
const LAST = ['valence', 'arousal', 'quality'];

function eachOf(column: string): string[] {
  return EXPRESSIONS.map((_, at) => `${column}[${at + 1}]`);
}

/** All hours of the whole picture; the rest are looks at indexes. */
export const SUMMARY = `SELECT n.id::text, (${edge('n.id', 'ASC')}) AS first, (${edge('n.id', 'DESC')}) AS last, h.line,
    (SELECT count(*)::int FROM track AS t WHERE t.session_id = n.id) AS tracks
  FROM session AS n CROSS JOIN LATERAL (
    SELECT concat_ws(',', 0, sum(frames), sum(frames), sum(dropped_busy) + n.trailing_busy,
      sum(dropped_worker) + n.trailing_worker, sum(dropped_store) + n.trailing_store, ${[
        ...['readings', 'abstained', ...eachOf('labels'), ...eachOf('probabilities'), ...LAST],
      ].map((column) => `sum(${column}::float8)`)}) AS line
    FROM rollup AS r WHERE r.session_id = n.id AND r.span = 3600 AND r.track = 0 HAVING count(*) > 0
  ) AS h
  WHERE n.id = ANY($1::text::uuid[])`;

/** First and last second of session $1. */
export const EXTENT = `SELECT (${edge('$1::uuid', 'ASC')}) AS first, (${edge('$1::uuid', 'DESC')}) AS last`;
