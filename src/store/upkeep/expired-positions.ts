/** Whoever reads on from a place behind which retention deletes moments of a stream is told that they are missing. */
import { beginningOf } from '../../domain/log-position.ts';
import type { PrismaClient } from '../generated/client.ts';

/**
 * The statement that notes what is going to be deleted. The stream's row is held until then: one that is being removed has nothing to
 * be told of any more.
 * @param moments selects `session_id` and `position`
 */
export function noteExpired(moments: string): string {
  return `WITH deleted AS (
      SELECT s.stream_id, d.position / ${beginningOf(1)} AS writer, max(d.position) AS position
      FROM (${moments}) AS d JOIN session AS s ON s.id = d.session_id WHERE d.position IS NOT NULL GROUP BY 1, 2
    ), held AS MATERIALIZED (SELECT id FROM stream WHERE id IN (SELECT stream_id FROM deleted) FOR KEY SHARE)
    INSERT INTO expired_position (stream_id, writer, position)
    SELECT d.stream_id, d.writer, d.position FROM deleted AS d JOIN held ON held.id = d.stream_id
    ORDER BY d.stream_id, d.writer -- servers that do so at once wait for each other in one order
    ON CONFLICT (stream_id, writer) DO UPDATE SET position = greatest(expired_position.position, excluded.position)`;
}

/** Of a session the newest of its moments stands for all: what it committed before stands before. */
export async function noteSessionExpired(prisma: PrismaClient, sessionId: string): Promise<void> {
  await prisma.$executeRawUnsafe(noteExpired(newestOf('moment', '$1::uuid')), sessionId);
}

/** Goes from one session to the next along the primary key, and reads the newest moment of each. */
export async function notePartitionExpired(prisma: PrismaClient, partition: string): Promise<void> {
  const next = (where: string) =>
    `(SELECT p.session_id FROM ${partition} AS p ${where} ORDER BY p.session_id LIMIT 1)`;
  await prisma.$executeRawUnsafe(
    noteExpired(`WITH RECURSIVE present AS (
        ${next('')} UNION ALL
        SELECT ${next('WHERE p.session_id > present.session_id')} FROM present WHERE present.session_id IS NOT NULL
      )
      SELECT newest.* FROM present CROSS JOIN LATERAL (${newestOf(partition, 'present.session_id')}) AS newest`),
  );
}

function newestOf(table: string, session: string): string {
  return `(SELECT m.session_id, m.position FROM ${table} AS m WHERE m.session_id = ${session} ORDER BY m.seq DESC LIMIT 1)`;
}
