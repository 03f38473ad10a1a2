/**
 * Where an export goes on: behind the last row that came, told by what that row says of itself, joined by colons. `seq` and
 * `track` of a reading, `seq` of a moment, `start` of a bucket, `index` of an episode, `track` of a track; over many sessions,
 * before it, `session`. Rows come in this order.
 */
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';
import type { ExportedTable } from '../../tables/session-tables.ts';

export interface Place {
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

/** @throws MienError BAD_INPUT */
export function readPlace(text: string, table: ExportedTable, sessionId: string | null): Place {
  const parts = text.split(':');
  const session = sessionId === null ? (parts.shift() ?? '') : null;
  // A row of a moment without a face has no track.
  const numbers = parts.filter((part) => part !== '').map(Number);
  const isPlace =
    (session === null ? numbers.length > 0 : isId(session)) &&
    parts.length <= KEYS[table].length &&
    numbers.every((number) => Number.isFinite(number) && number >= -1);
  const [key = null, track = null] = numbers;
  if (isPlace) return { session, key, track };
  const form = [...(sessionId === null ? ['session'] : []), ...KEYS[table]].join(':');
  throw new MienError('BAD_INPUT', `\`after\` is made of the last row that came: \`${form}\`.`);
}
