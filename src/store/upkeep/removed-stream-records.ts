/**
 * Streams that were removed, by whichever server, for outputs of all streams. Every server takes back what it told a broker of one;
 * one server tells all other receivers: who ran it last, behind what it told of it before, or, where that server is gone, whoever asks first.
 */
import type { Prisma, PrismaClient } from '../generated/client.ts';

export interface RemovedStream {
  streamId: string;
  /** Whether the server that asks is the one that tells of it. */
  isOurs: boolean;
}

/** Servers that were away for longer have nothing to take back that the teller has not. */
const READ = `clock_timestamp() - interval '1 hour'`;
/** For so long one that nobody could tell of waits for a server. */
const KEPT = `clock_timestamp() - interval '1 day'`;

/** $1 the stream. Nobody is told where no output is of all streams: those of its own go with it. */
const NOTE = `INSERT INTO removed_stream (stream_id, worker_id, removed_at)
SELECT $1::uuid, (SELECT worker_id FROM session WHERE stream_id = $1::uuid ORDER BY ordinal DESC LIMIT 1), clock_timestamp()
WHERE EXISTS (SELECT 1 FROM output WHERE enabled AND stream_id IS NULL)`;
const SWEEP = `DELETE FROM removed_stream WHERE removed_at < ${KEPT}`;

/** $1 the run of a server, $2 its lease. */
const TAKE = `UPDATE removed_stream SET teller = $1::uuid
WHERE teller IS NULL AND removed_at >= ${KEPT} AND (worker_id = $2::uuid OR NOT EXISTS (
  SELECT 1 FROM worker WHERE worker.id = removed_stream.worker_id AND expires_at > clock_timestamp()))`;
const LIST = `SELECT stream_id::text AS "streamId", coalesce(teller = $1::uuid, false) AS "isOurs" FROM removed_stream
WHERE removed_at >= ${READ} OR (teller = $1::uuid AND removed_at >= ${KEPT}) ORDER BY removed_at, stream_id`;

/** While its sessions are there still, in the transaction in which it goes. */
export async function noteRemoved(tx: Prisma.TransactionClient, streamId: string): Promise<void> {
  await tx.$executeRawUnsafe(SWEEP);
  await tx.$executeRawUnsafe(NOTE, streamId);
}

/**
 * Takes those that nobody tells of yet, where that is this server's to do.
 * @param server its run; asked again, also where an answer was lost, it is told the same
 */
export async function listRemoved(
  prisma: PrismaClient,
  server: string,
  workerId: string | null,
): Promise<RemovedStream[]> {
  await prisma.$executeRawUnsafe(TAKE, server, workerId);
  return prisma.$queryRawUnsafe<RemovedStream[]>(LIST, server);
}
