/**
 * Episodes whose end was not stored, because of a crash or a moment that was refused: they end with their track's last reading, or
 * at their apex.
 */
import type { Episode } from '../domain/moment.ts';
import type { Prisma } from './generated/client.ts';

const OFFSET = 'greatest(apex, track.last_seen)';
const OPEN = `episode.session_id = ANY($1::text::uuid[]) AND "offset" IS NULL
  AND track.session_id = episode.session_id AND track.track = episode.track`;

export async function closeEpisodes(
  tx: Prisma.TransactionClient,
  sessionIds: readonly string[],
): Promise<void> {
  const sql = `UPDATE episode SET "offset" = ${OFFSET}, ended_at = track.ended_at FROM track WHERE ${OPEN}`;
  await tx.$executeRawUnsafe(sql, `{${sessionIds.join()}}`);
}

/** Those of which somebody was told that they began, as they will be when they are closed. */
export function openEpisodes(
  prisma: Prisma.TransactionClient,
  sessionIds: readonly string[],
): Promise<Episode[]> {
  const sql = `SELECT episode.session_id::text AS "sessionId", episode.index, episode.track, episode.expression::text AS expression,
      episode.onset, episode.apex, ${OFFSET} AS "offset", episode.peak, episode.started_at AS "startedAt", track.ended_at AS "endedAt"
    FROM episode, track WHERE ${OPEN} AND episode.onset_at IS NOT NULL ORDER BY episode.session_id, episode.index`;
  return prisma.$queryRawUnsafe<Episode[]>(sql, `{${sessionIds.join()}}`);
}
