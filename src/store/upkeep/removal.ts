/**
 * Forgets sessions with all that was recorded in them. Moments, readings and sums have no foreign key, which would
 * cost too much at every commit: who deletes a session deletes them too, in one transaction.
 */
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { isNoTable } from '../sql/database-errors.ts';
import { listPartitions } from '../sql/partitions.ts';

type Transaction = Prisma.TransactionClient;

/** All of it or nothing: a removal that failed can be asked for again. @returns whether there was such a stream */
export function removeStream(prisma: PrismaClient, id: string): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    // A session that is being created waits for this lock, and then finds no stream.
    const locked = await tx.$queryRaw<unknown[]>`SELECT 1 FROM stream WHERE id = ${id}::uuid FOR UPDATE`;
    if (locked.length === 0) return false;
    const sessions = await tx.session.findMany({ where: { streamId: id }, select: { id: true } });
    await removeRecorded(
      tx,
      sessions.map((session) => session.id),
    );
    await tx.stream.delete({ where: { id } });
    return true;
  });
}

export async function removeSessions(prisma: PrismaClient, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await prisma.$transaction((tx) => removeRecorded(tx, ids));
}

/**
 * Moments, readings and sums whose session is gone, as older versions left them when a removal failed half way.
 * A session is stored before its first moment, so nothing that runs can look like that.
 * @returns of how many sessions
 */
export async function removeOrphans(prisma: PrismaClient, stopping?: AbortSignal): Promise<number> {
  const ids = new Set<string>();
  const tables = [
    ...(await listPartitions(prisma, 'moment')),
    ...(await listPartitions(prisma, 'reading')),
    'rollup',
  ];
  for (const table of tables) {
    if (stopping?.aborted) break;
    for (const id of await findOrphans(prisma, table)) ids.add(id);
  }
  let removed = 0;
  for (const id of ids) {
    if (stopping?.aborted) break;
    await removeSessions(prisma, [id]);
    removed += 1;
  }
  return removed;
}

/** None in a partition that another server's retention drops meanwhile. */
async function findOrphans(prisma: PrismaClient, table: string): Promise<string[]> {
  try {
    const rows = await prisma.$queryRawUnsafe<{ id: string }[]>(orphansIn(table));
    return rows.map(({ id }) => id);
  } catch (error) {
    if (isNoTable(error)) return [];
    throw error;
  }
}

/**
 * A commit holds the rows of its sessions until it is done (see COMMIT): we wait for it, and then delete what it
 * wrote; one that comes later finds its session gone.
 */
async function removeRecorded(tx: Transaction, ids: readonly string[]): Promise<void> {
  const given = `{${ids.join()}}`;
  await tx.$queryRaw`SELECT 1 FROM session WHERE id = ANY(${given}::text::uuid[]) ORDER BY id FOR UPDATE`;
  await tx.$executeRaw`DELETE FROM reading WHERE session_id = ANY(${given}::text::uuid[])`;
  await tx.$executeRaw`DELETE FROM moment WHERE session_id = ANY(${given}::text::uuid[])`;
  await tx.$executeRaw`DELETE FROM rollup WHERE session_id = ANY(${given}::text::uuid[])`;
  await tx.$executeRaw`DELETE FROM session WHERE id = ANY(${given}::text::uuid[])`;
}

/** Goes from one session to the next along the primary key: one look into the index for each, however many rows it has. */
function orphansIn(table: string): string {
  return `WITH RECURSIVE present AS (
    (SELECT session_id FROM ${table} ORDER BY session_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.session_id FROM ${table} AS t WHERE t.session_id > present.session_id ORDER BY t.session_id LIMIT 1)
    FROM present WHERE present.session_id IS NOT NULL
  )
  SELECT session_id::text AS id FROM present
  WHERE session_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session WHERE session.id = present.session_id)`;
}
