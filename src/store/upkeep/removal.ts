/**
 * Forgets sessions with all that was recorded in them. Moments, readings and sums have no foreign key, which would
 * cost too much at every commit: who deletes a session deletes them too, in the same transaction or before it.
 */
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { isNoTable } from '../sql/database-errors.ts';
import { listPartitions } from '../sql/partitions.ts';
import { noteRemoved } from './removed-stream-records.ts';

type Transaction = Prisma.TransactionClient;

/** Moments that one transaction deletes: it holds up all commits of the embedded database, the longer the more it deletes. */
const SLICE = 5_000;

/**
 * The rows of a long session's first moments go before the stream; the stream and all other rows go together, or stay. So
 * a removal that failed can be asked for again.
 * @param slice moments that one transaction deletes
 * @returns whether there was such a stream
 */
export async function removeStream(prisma: PrismaClient, id: string, slice = SLICE): Promise<boolean> {
  await removeFirstMoments(prisma, id, slice);
  return prisma.$transaction(async (tx) => {
    // A session that is being created waits for this lock, and then finds no stream.
    const locked = await tx.$queryRaw<unknown[]>`SELECT 1 FROM stream WHERE id = ${id}::uuid FOR UPDATE`;
    if (locked.length === 0) return false;
    await noteRemoved(tx, id);
    const sessions = await tx.session.findMany({ where: { streamId: id }, select: { id: true } });
    await removeRecorded(
      tx,
      sessions.map((session) => session.id),
    );
    await tx.stream.delete({ where: { id } });
    return true;
  });
}

/** All but the last `slice` moments of each session of a stream. */
async function removeFirstMoments(prisma: PrismaClient, streamId: string, slice: number): Promise<void> {
  const long = await prisma.session.findMany({
    where: { streamId, lastSeq: { gte: slice } },
    select: { id: true, lastSeq: true },
  });
  for (const { id, lastSeq } of long) await removeSlices(prisma, id, lastSeq, slice);
}

/** In transactions between which others commit. */
async function removeSlices(prisma: PrismaClient, id: string, lastSeq: number, slice: number): Promise<void> {
  for (let end = slice; end <= lastSeq; end += slice) {
    // From where the part before ended: what was deleted stays in the index for a while, and would be read each time.
    const begin = end - slice;
    await prisma.$executeRaw`DELETE FROM reading WHERE session_id = ${id}::uuid AND seq >= ${begin} AND seq < ${end}`;
    await prisma.$executeRaw`DELETE FROM moment WHERE session_id = ${id}::uuid AND seq >= ${begin} AND seq < ${end}`;
  }
}

/** The rows of its first moments go before it, where they are many. */
export async function removeSession(prisma: PrismaClient, id: string, slice = SLICE): Promise<void> {
  const oldest = await prisma.moment.findFirst({ where: { sessionId: id }, select: { seq: true } });
  const session = await prisma.session.findUnique({ where: { id }, select: { lastSeq: true } });
  if (oldest !== null && session !== null) await removeSlices(prisma, id, session.lastSeq, slice);
  await prisma.$transaction((tx) => removeRecorded(tx, [id]));
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
    await removeSession(prisma, id);
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
  await tx.$queryRaw`SELECT 1 FROM session JOIN unnest(${given}::text::uuid[]) AS removed (id) USING (id) ORDER BY id FOR UPDATE OF session`;
  for (const table of ['reading', 'moment', 'rollup'])
    await tx.$executeRawUnsafe(deleteRows(table, 'session_id'), given);
  await tx.$executeRawUnsafe(deleteRows('session', 'id'), given);
}

/** Joined, because a list in text that rows are compared with would be read again for each row. */
function deleteRows(table: string, key: string): string {
  return `DELETE FROM ${table} USING unnest($1::text::uuid[]) AS removed (id) WHERE ${table}.${key} = removed.id`;
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
