/** Takes over one session whose worker is gone, at any server: also at one that runs none, and holds no lease. */
import type { PrismaClient } from '../generated/client.ts';
import { IS_LIVE } from '../sql/live-sessions.ts';
import type { Lease } from './lease.ts';
import { KEEP } from './statements.ts';

/** Who holds no lease has a row that has run out from the beginning: what it leaves is others' at once. $1 id, $2 name. */
const STAND = `INSERT INTO worker (id, name, expires_at) VALUES ($1::uuid, $2, clock_timestamp())
ON CONFLICT (id) DO NOTHING`;

/** Whoever renews at this moment, or takes it over, comes first. $1 session. */
const LOCK = `SELECT id FROM worker WHERE id = (SELECT worker_id FROM session WHERE id = $1::uuid) FOR UPDATE`;

const IS_GONE = `NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = session.worker_id AND expires_at > clock_timestamp())`;

/** $1 session, $2 worker. */
const TAKE = `UPDATE session SET worker_id = $2::uuid WHERE id = $1::uuid AND ${IS_LIVE} AND ${IS_GONE}
RETURNING id::text`;

/** $1 session. */
const RUNNER = `SELECT worker.name AS server, ${IS_GONE} AS "isGone" FROM session LEFT JOIN worker ON worker.id = worker_id
WHERE session.id = $1::uuid AND ${IS_LIVE}`;

export interface Runner {
  /** Its host and process; null: it is not known any more. */
  server: string | null;
  /** Whether its lease has run out, by the clock of the database. */
  isGone: boolean;
}

/** @returns who runs it; null where it is not live */
export async function findRunner(prisma: PrismaClient, sessionId: string): Promise<Runner | null> {
  const [runner] = await prisma.$queryRawUnsafe<Runner[]>(RUNNER, sessionId);
  return runner ?? null;
}

/** @returns whether it is this server's from now on */
export function takeAbandoned(
  prisma: PrismaClient,
  lease: Pick<Lease, 'isHeld' | 'idToEndBy' | 'name'>,
  sessionId: string,
): Promise<boolean> {
  const own = lease.idToEndBy;
  return prisma.$transaction(async (tx) => {
    if (!lease.isHeld) await tx.$executeRawUnsafe(STAND, own, lease.name);
    else if ((await tx.$queryRawUnsafe<unknown[]>(KEEP, own)).length === 0) return false;
    await tx.$queryRawUnsafe(LOCK, sessionId);
    return (await tx.$queryRawUnsafe<unknown[]>(TAKE, sessionId, own)).length > 0;
  });
}
