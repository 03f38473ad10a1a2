/**
 * Where an export goes on: behind the last row that came, told by what that row says of itself, joined by colons. `seq` and
 * `track` of a reading, `seq` of a moment, `start` of a bucket, `index` of an episode, `track` of a track; over many sessions,
 * before it, `session`. Rows come in this order, and what is before the place does not come again: of sessions that run at the
 * same time only an export of each by itself is gone on with without a loss.
 */
import { isId } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';
import type { ExportedTable } from '../../tables/session-tables.ts';

export interface ResumePoint {
  /** Null: of the one session that is exported. */
  session: string | null;
  /** Null: behind all of the session. */
  key: number | null;
  /** Of readings: rows of the moment `key` with a greater track are still to come; null: none is. */
  track: number | null;
}

const KEYS: Record<ExportedTable, string[]> = {
  readings: ['seq', 'track'],
  timeline: ['seq'],
  buckets: ['start'],
  episodes: ['index'],
  tracks: ['track'],
  summary: [],
};

/** Data frames write a column with gaps, or of `start`, as 12.0. */
const WHOLE = /^\d+(\.0+)?$/;
/** What a whole number of the database holds. */
const MOST = 2 ** 31 - 1;

/** @throws MienError BAD_INPUT */
export function readResumePoint(text: string, table: ExportedTable, sessionId: string | null): ResumePoint {
  const parts = text.split(':');
  const session = sessionId === null ? (parts.shift() ?? '').toLowerCase() : null;
  // A row of a moment without a face has no track.
  if (table === 'readings' && parts.length === 2 && parts[1] === '') parts.pop();
  const [key = null, track = null] = parts.map((part) => (WHOLE.test(part) ? Number(part) : Number.NaN));
  const isPlace =
    (session === null ? key !== null : isId(session)) &&
    parts.length <= KEYS[table].length &&
    (key ?? 0) <= MOST &&
    (track ?? 0) <= MOST;
  if (isPlace) return { session, key, track };
  const form = [...(sessionId === null ? ['session'] : []), ...KEYS[table]].join(':');
  throw new MienError('BAD_INPUT', `\`after\` is made of the last row that came: \`${form}\`.`);
}
