/** What one server at a time does for all of a database: a row that says who does it, and until when it is theirs. */
import { randomUUID } from 'node:crypto';
import { repeat } from '../../threads/repeat.ts';
import type { PrismaClient } from '../generated/client.ts';

/** Who has not ended it by then is gone, or so slow that another may begin: what is done twice is done once. */
const LASTS = '15 minutes';
/** The same of what is renewed for as long as it goes on, and how often, in milliseconds. */
const LASTS_RENEWED = '30 seconds';
const RENEW_MS = 10_000;

const TAKE = `INSERT INTO job (name, holder, expires_at)
VALUES ($1, $2::uuid, clock_timestamp() + $3::interval)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE job.expires_at <= clock_timestamp() RETURNING name`;
const RENEW = `UPDATE job SET expires_at = clock_timestamp() + $3::interval WHERE name = $1 AND holder = $2::uuid`;
const END = 'DELETE FROM job WHERE name = $1 AND holder = $2::uuid';

/**
 * @param isRenewed it is this server's for as long as it goes on, and soon another's when this one is gone; else for a quarter of an hour
 * @returns whether it was done here; else another server does it now
 */
export type DoOnce = (
  name: string,
  work: () => Promise<void>,
  options?: { isRenewed?: boolean },
) => Promise<boolean>;

export function createJobLease(prisma: PrismaClient): DoOnce {
  return async (name, work, { isRenewed = false } = {}) => {
    const holder = randomUUID();
    const lasts = isRenewed ? LASTS_RENEWED : LASTS;
    const taken = await prisma.$queryRawUnsafe<unknown[]>(TAKE, name, holder, lasts);
    if (taken.length === 0) return false;
    const renew = async (isFirst: boolean) => {
      // A database that is away is told by the work itself.
      if (!isFirst) await prisma.$executeRawUnsafe(RENEW, name, holder, lasts).catch(() => {});
    };
    const stop = isRenewed ? repeat(RENEW_MS, renew) : async () => {};
    try {
      await work();
    } finally {
      await stop();
      await prisma.$executeRawUnsafe(END, name, holder);
    }
    return true;
  };
}

/** Of a database that nobody else can have open: whoever did something for it is gone. */
export async function forgetJobs({ prisma, isExclusive }: { prisma: PrismaClient; isExclusive: boolean }) {
  if (isExclusive) await prisma.job.deleteMany();
}
