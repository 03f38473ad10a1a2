/**
 * Where a session lies on the wall clock, if that was set meanwhile, as where a machine without a clock starts in 1970 until the
 * network tells it the time: in several stretches, rather than from 1970 to now.
 *
 * 1. From the longest spans down to seconds, those are followed whose first and last moment are a day further apart than they are long.
 * 2. To each stretch the time before it is added for which the source may have paused, which belongs to the days in which it passed.
 */
import type { PrismaClient } from '../../generated/client.ts';
import { ROLLUP_SPANS } from '../../sql/rollup-spans.ts';
import type { Range } from '../elapsed-less-erased.ts';
import { SESSIONS } from '../rollup-sql.ts';

/** Of the wall clock, in milliseconds, in order: those of each session that has a moment. */
export async function readWallTimes(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Range[]>> {
  const found = new Map<string, Range[]>();
  if (ids.length === 0) return found;
  const rows = await prisma.$queryRawUnsafe<({ id: string } & Range)[]>(WALL_TIMES, `{${ids.join()}}`);
  for (const { id, start, end } of rows) {
    const own = found.get(id);
    if (own) own.push({ start, end });
    else found.set(id, [{ start, end }]);
  }
  return found;
}

/** Whether more time passed by the wall clock than a source needs that is not analysed as fast as it plays. */
export const MOST_WAITED_MS = 86_400_000;

const LONGEST_SPAN = Math.max(...ROLLUP_SPANS);
const STEPS = ROLLUP_SPANS.slice(1).map((span, at) => `WHEN ${span} THEN ${ROLLUP_SPANS[at]}`);
const COLUMNS = 'r.session_id, r.span, r.second, r.started_at, r.ended_at';
const IS_SET = `extract(epoch FROM r.ended_at - r.started_at) - r.span > ${MOST_WAITED_MS / 1000}`;

/** A second belongs to where it begins. */
const WALL_TIMES = `WITH RECURSIVE found AS (
    SELECT ${COLUMNS}, ${IS_SET} AS is_set FROM ${SESSIONS} CROSS JOIN LATERAL (
      SELECT * FROM rollup WHERE session_id = asked.id AND span = ${LONGEST_SPAN} AND track = 0 OFFSET 0) AS r
    UNION ALL
    SELECT ${COLUMNS}, ${IS_SET} FROM found AS f JOIN rollup AS r ON r.session_id = f.session_id AND r.track = 0
      AND r.span = CASE f.span ${STEPS.join(' ')} END AND r.second >= f.second AND r.second < f.second + f.span
    WHERE f.is_set AND f.span > 1
  ), stretch AS (
    SELECT session_id, CASE WHEN is_set THEN started_at ELSE ended_at END AS ended_at, started_at
      - coalesce(second + span - lag(second) OVER (PARTITION BY session_id ORDER BY second), 0) * interval '1 second' AS started_at
    FROM found WHERE NOT is_set OR span = 1
  )
  SELECT id::text, extract(epoch FROM lower(range))::float8 * 1000 AS start, extract(epoch FROM upper(range))::float8 * 1000 AS "end"
  FROM (SELECT session_id AS id, unnest(range_agg(tstzrange(started_at, ended_at, '[]'))) AS range FROM stretch GROUP BY session_id) AS all_ranges
  ORDER BY id, range`;
