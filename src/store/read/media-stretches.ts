/**
 * Where a stretch of the wall clock lies in the media time of sessions. The wall clock is known where moments are: sums keep the
 * earliest and the latest of theirs.
 *
 * 1. From the longest spans down to seconds, those are followed that have moments of the stretch, unless all of theirs are; so few
 *    rows are read, however long the session is.
 * 2. Spans between which no other moment lies are one stretch: they are several where the clock was set meanwhile.
 * 3. To the moments before and behind it, between which there is nothing, as much is added as the wall clock says: of a hole of
 *    the source, that part of it which the stretch holds.
 */
import { isId } from '../../domain/id-format.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { Prisma } from '../generated/client.ts';
import { dayOf } from '../sql/utc-days.ts';
import type { Days } from './narrow-days.ts';
import { SESSIONS } from './rollup-sql.ts';

/** Whole seconds of a session's media time, `end` excluded, with those that lie partly in the range. */
export interface MediaStretch {
  start: number;
  end: number;
}

/** The moments of a session from one up to another, which is excluded; some at both ends may lie outside of the range. */
export interface MomentRun {
  fromSeq: number;
  /** Null: to the newest. */
  toSeq: number | null;
}

type Reader = Pick<Prisma.TransactionClient, '$queryRawUnsafe'>;

/** By session, in order; sessions that have none are left out. One statement, however many sessions. */
export async function mediaStretches(
  prisma: Reader,
  sessionIds: readonly string[],
  range: TimeRange,
): Promise<ReadonlyMap<string, readonly MediaStretch[]>> {
  if (range.clock === 'WALL') return wallRuns(prisma, sessionIds, range);
  const stretch = { start: Math.floor(range.from), end: Math.ceil(range.to) };
  return new Map(sessionIds.map((id) => [id, [stretch]]));
}

/** In order. */
export async function momentRuns(
  prisma: Reader,
  sessionId: string,
  range: TimeRange,
): Promise<readonly MomentRun[]> {
  if (range.clock === 'WALL') return (await wallRuns(prisma, [sessionId], range)).get(sessionId) ?? [];
  const firstSeq = async (from: number) => {
    if (from > LAST_SECOND) return null;
    const [row] = await prisma.$queryRawUnsafe<{ seq: number }[]>(
      `SELECT r.first_seq AS seq FROM rollup AS r WHERE r.session_id = $1::uuid AND r.span = 1 AND r.track = 0 AND r.frames > 0
        AND r.second >= ${from} ORDER BY r.second LIMIT 1`,
      sessionId,
    );
    return row?.seq ?? null;
  };
  const fromSeq = await firstSeq(Math.floor(range.from));
  return fromSeq === null ? [] : [{ fromSeq, toSeq: await firstSeq(Math.ceil(range.to)) }];
}

/** Days that a statement may name without being planned for longer than it runs. */
const FEW_DAYS = 2;

/**
 * On which days moments from one number up to another lie, of a session of many: every day that a statement names costs a partition's
 * planning.
 */
export async function daysOfMoments(
  prisma: Reader,
  sessionId: string,
  days: Days,
  fromSeq: number,
  toSeq: number,
): Promise<Days> {
  if (days.last - days.first < FEW_DAYS) return days;
  const [found] = await prisma.$queryRawUnsafe<{ first: Date | null; last: Date | null }[]>(
    `SELECT min(started_at) AS first, max(ended_at) AS last FROM (
      SELECT first_seq, started_at, ended_at, lead(first_seq) OVER (ORDER BY second) AS next FROM rollup
      WHERE session_id = $1::uuid AND span = 3600 AND track = 0 AND frames > 0
    ) AS hour WHERE first_seq < $3 AND (next IS NULL OR next > $2)`,
    sessionId,
    fromSeq,
    toSeq,
  );
  if (!found?.first || !found.last) return days;
  return { first: dayOf(found.first.getTime()), last: dayOf(found.last.getTime()) };
}

/** The greatest that the column holds. */
const LAST_SECOND = 2 ** 31 - 1;

async function wallRuns(prisma: Reader, sessionIds: readonly string[], range: TimeRange) {
  const edges = await prisma.$queryRawUnsafe<Edge[]>(wallSql(range), `{${sessionIds.filter(isId).join()}}`);
  const runs = new Map<string, (MediaStretch & MomentRun)[]>();
  for (const edge of edges) {
    const found = runs.get(edge.id) ?? [];
    runs.set(edge.id, found);
    if (edge.first !== null && !goesOnFrom(edge)) found.push(begin(edge, edge.first, range));
    if (edge.last !== null && !goesOnTo(edge)) end(found.at(-1)!, edge, edge.last, range);
  }
  return runs;
}

/** A span, or several side by side, of which moments are in the range. */
interface Edge {
  id: string;
  /** Where the one before it ends, and the one behind it begins; null: there is none. */
  before: number | null;
  behind: number | null;
  /** Null where another one touches it: its first second with a moment, with `seq` and milliseconds, and the last such second before it. */
  first: [second: number, seq: number, startedAt: number] | null;
  previous: number | null;
  /** Null where another one touches it: its last second with a moment, and the first such second behind it, with `seq`. */
  last: [second: number, endedAt: number] | null;
  next: [second: number, seq: number] | null;
}

function goesOnFrom({ before, previous }: Edge): boolean {
  return before !== null && previous !== null && previous < before;
}

function goesOnTo({ behind, next }: Edge): boolean {
  return behind !== null && next !== null && next[0] >= behind;
}

function begin(
  { previous }: Edge,
  [second, fromSeq, startedAt]: NonNullable<Edge['first']>,
  { from }: TimeRange,
) {
  const least = previous === null ? 0 : previous + 1;
  const begins = second - Math.max(0, Math.ceil((startedAt - from) / 1000));
  const start = Math.min(second, Math.max(least, begins));
  return { start, end: Number.POSITIVE_INFINITY, fromSeq, toSeq: null };
}

function end(
  run: MediaStretch & MomentRun,
  { next }: Edge,
  [second, endedAt]: NonNullable<Edge['last']>,
  { to }: TimeRange,
): void {
  const ends = second + 1 + Math.max(0, Math.ceil((to - endedAt) / 1000));
  run.end = Math.min(ends, next?.[0] ?? Number.POSITIVE_INFINITY);
  run.toSeq = next?.[1] ?? null;
}

/** Only of the picture, which alone knows: @param where of the second */
const second = (columns: string, where: string, order: 'ASC' | 'DESC') =>
  `(SELECT ${columns} FROM rollup AS r WHERE r.session_id = l.session_id AND r.span = 1 AND r.track = 0 AND r.frames > 0
    AND r.second ${where} ORDER BY r.second ${order} LIMIT 1)`;
const MS = (column: string) => `round(extract(epoch FROM ${column}) * 1000)`;

/** @param leaves CTE of session_id, start, stop, before, behind */
const edgesSql = (leaves: string) => `${leaves}
  SELECT session_id::text AS id, before, behind,
    CASE WHEN before IS DISTINCT FROM start THEN ${second('r.second', '< l.start', 'DESC')} END AS previous,
    CASE WHEN before IS DISTINCT FROM start
      THEN ${second(`json_build_array(r.second, r.first_seq, ${MS('r.started_at')})`, '>= l.start', 'ASC')} END AS first,
    CASE WHEN behind IS DISTINCT FROM stop THEN ${second(`json_build_array(r.second, ${MS('r.ended_at')})`, '< l.stop', 'DESC')} END AS last,
    CASE WHEN behind IS DISTINCT FROM stop THEN ${second('json_build_array(r.second, r.first_seq)', '>= l.stop', 'ASC')} END AS next
  FROM leaf AS l WHERE before IS DISTINCT FROM start OR behind IS DISTINCT FROM stop
  ORDER BY session_id, start`;

/** Times stand in the text (they are checked) since a parameter holds no infinity. */
function wallSql({ from, to }: TimeRange): string {
  const [since, until] = [timestamp(from), timestamp(to)];
  const touches = `r.frames > 0 AND r.started_at < ${until} AND r.ended_at >= ${since}`;
  const inside = `r.started_at >= ${since} AND r.ended_at < ${until}`;
  return edgesSql(`WITH RECURSIVE hit AS (
    SELECT r.session_id, r.span, r.second, ${inside} AS inside FROM ${SESSIONS} CROSS JOIN LATERAL (
      SELECT * FROM rollup WHERE session_id = asked.id AND span = 3600 AND track = 0 OFFSET 0) AS r
    WHERE ${touches}
    UNION ALL
    SELECT r.session_id, r.span, r.second, ${inside}
    FROM hit AS h JOIN rollup AS r ON r.session_id = h.session_id AND r.track = 0
      AND r.span = CASE h.span WHEN 3600 THEN 600 WHEN 600 THEN 60 WHEN 60 THEN 10 ELSE 1 END
      AND r.second >= h.second AND r.second < h.second + h.span
    WHERE h.span > 1 AND NOT h.inside AND ${touches}
  ), leaf AS (
    SELECT session_id, second AS start, second + span AS stop,
      lag(second + span) OVER own AS before, lead(second) OVER own AS behind
    FROM hit WHERE span = 1 OR inside WINDOW own AS (PARTITION BY session_id ORDER BY second)
  )`);
}

function timestamp(ms: number): string {
  if (!Number.isFinite(ms)) return ms < 0 ? `'-infinity'::timestamptz` : `'infinity'::timestamptz`;
  return `to_timestamp(${ms / 1000})`;
}
