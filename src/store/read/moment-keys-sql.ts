/** The statements that look through a window of a session's moments for those that a filter lets through. */
import type { FaceFilter } from '../../domain/face-filter.ts';
import type { MomentFilter, MomentSearch } from '../../domain/moment-search.ts';
import { stretchSql } from '../../domain/thinning.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { EXPRESSION_ENUM, expressionCode } from '../sql/expression-codes.ts';
import { within } from './moment-columns.ts';
import type { Days } from './narrow-days.ts';

/**
 * Selects `seq` and `stretch` of session $1 from number $2 up to $3, which is excluded: at most $4, from the end that is looked
 * through first. Numbers stand in the text (they are checked), so that the planner knows them.
 */
export function keysSql({ backwards, ...filter }: MomentSearch, days: Days): string {
  const order = `ORDER BY seq ${backwards ? 'DESC' : 'ASC'} LIMIT $4`;
  const { every } = filter;
  if (every === undefined) return `SELECT m.seq, 0 AS stretch ${matching(filter, days)} ${order}`;
  const stretch = stretchSql('m.media_time', every);
  return `SELECT min(m.seq) AS seq, ${stretch} AS stretch ${matching(filter, days)} GROUP BY ${stretch} ${order}`;
}

/** The first of one stretch. */
export function firstOfStretchSql(filter: MomentFilter, days: Days, stretch: number): string {
  const own = `${stretchSql('m.media_time', filter.every!)} = ${stretch}`;
  return `SELECT m.seq, ${stretch}::float8 AS stretch ${matching(filter, days)} AND ${own} ORDER BY m.seq LIMIT $4`;
}

function matching({ range, faces }: MomentFilter, days: Days): string {
  const conditions = [
    ...['m.session_id = $1::uuid', 'm.seq >= $2', 'm.seq < $3', within('m', days)],
    ...(range ? inRange(range) : []),
    ...(faces ? [hasFace(faces, days)] : []),
  ];
  return `FROM moment AS m WHERE ${conditions.join(' AND ')}`;
}

function inRange({ clock, from, to }: TimeRange): string[] {
  const column = clock === 'WALL' ? 'm.wall_time' : 'm.media_time';
  const literal = (time: number) => (clock === 'WALL' ? `to_timestamp(${time / 1000})` : `${time}::float8`);
  return [
    ...(Number.isFinite(from) ? [`${column} >= ${literal(from)}`] : []),
    ...(Number.isFinite(to) ? [`${column} < ${literal(to)}`] : []),
  ];
}

function hasFace({ track, expression, minConfidence }: FaceFilter, days: Days): string {
  const conditions = [
    ...['r.session_id = m.session_id', 'r.seq = m.seq', 'r.day = m.day', within('r', days)],
    ...(track === undefined ? [] : [`r.track = ${track}`]),
    ...(expression === undefined
      ? []
      : [`r.expression = (${EXPRESSION_ENUM})[${expressionCode(expression)}]`]),
    ...(minConfidence === undefined ? [] : [`r.confidence >= ${leastStored(minConfidence)}::real`]),
  ];
  return `EXISTS (SELECT 1 FROM reading AS r WHERE ${conditions.join(' AND ')})`;
}

/** The least confidence with five decimals, as they are stored, that is not less: compared as `real`, it is what was meant. */
function leastStored(minConfidence: number): number {
  const near = Math.round(minConfidence * STORED_PARTS);
  return (near / STORED_PARTS < minConfidence ? near + 1 : near) / STORED_PARTS;
}

/** See domain/quantise.ts. */
const STORED_PARTS = 100_000;
