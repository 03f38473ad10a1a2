/** Where sessions are marked: one statement for all of them. */
import type { PrismaClient } from '../../generated/client.ts';
import { SESSIONS } from '../rollup-sql.ts';
import { assertFewTrials, MAX_TRIALS } from './limits.ts';

/** Where sessions have a marker, in seconds of media time, in order; by their ids. @throws MienError BAD_INPUT */
export async function readMarkers(
  prisma: PrismaClient,
  ids: readonly string[],
  name: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await prisma.$queryRawUnsafe<{ id: string; times: number[] }[]>(
    MARKED,
    `{${ids.join()}}`,
    name,
  );
  assertFewTrials(rows.reduce((sum, { times }) => sum + times.length, 0));
  return new Map(rows.map(({ id, times }) => [id, times]));
}

/** One more than may be, so that too many are noticed. */
const MARKED = `SELECT id::text, array_agg(media_time ORDER BY media_time) AS times FROM (
    SELECT asked.id, k.media_time FROM ${SESSIONS} JOIN marker AS k ON k.session_id = asked.id WHERE k.name = $2 LIMIT ${MAX_TRIALS + 1}) AS x
  GROUP BY id`;
