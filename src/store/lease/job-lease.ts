/** What one server at a time does for all of a database: a row that says who does it, and until when it is theirs. */
import { randomUUID } from 'node:crypto';
import type { PrismaClient } from '../generated/client.ts';

/** Who has not ended it by then is gone, or so slow that another may begin: what is done twice is done once. */
const LASTS = '15 minutes';

const TAKE = `INSERT INTO job (name, holder, expires_at)
VALUES ($1, $2::uuid, clock_timestamp() + interval '${LASTS}')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE job.expires_at <= clock_timestamp() RETURNING name`;
const END = 'DELETE FROM job WHERE name = $1 AND holder = $2::uuid';

/** @returns whether it was done here; else another server does it now */
export type DoOnce = (name: string, work: () => Promise<void>) => Promise<boolean>;

export function createJobLease(prisma: PrismaClient): DoOnce {
  return async (name, work) => {
    const holder = randomUUID();
    const taken = await prisma.$queryRawUnsafe<unknown[]>(TAKE, name, holder);
    if (taken.length === 0) return false;
    try {
      await work();
    } finally {
      await prisma.$executeRawUnsafe(END, name, holder);
    }
    return true;
  };
}
