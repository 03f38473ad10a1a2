/** Forgets what is too old: whole days by dropping their partitions, and sessions that ended row by row. */
import { LIVE_STATES } from '../../domain/stream.ts';
import type { PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from '../sql/days.ts';
import { listPartitions, PARTITIONED_TABLES, partitionName } from '../sql/partitions.ts';
import { removeOrphans, removeSessions } from './removal.ts';

export interface Retention {
  /**
   * Drops the readings and moments of days that ended `days` or more ago (UTC), and ended sessions of which nothing
   * is left, with their rollups, episodes and tracks.
   * @param now milliseconds since the epoch
   */
  dropOlderThan(days: number, now?: number): Promise<{ partitions: number; sessions: number }>;
  /**
   * Deletes what was recorded in sessions that are gone, as a removal that failed half way left it in earlier versions.
   * @returns of how many sessions
   */
  dropOrphans(stopping?: AbortSignal): Promise<number>;
}

/** @param forgetPartitions called after partitions were dropped */
export function createRetention(prisma: PrismaClient, forgetPartitions: () => void): Retention {
  return {
    async dropOlderThan(days, now = Date.now()) {
      const oldest = dayOf(now) - days;
      const partitions = await dropPartitions(prisma, oldest);
      forgetPartitions();
      const ids = await findExpired(prisma, oldest);
      await removeSessions(prisma, ids);
      return { partitions, sessions: ids.length };
    },
    dropOrphans: (stopping) => removeOrphans(prisma, stopping),
  };
}

/** @param oldest the oldest day that is kept */
async function dropPartitions(prisma: PrismaClient, oldest: number): Promise<number> {
  let dropped = 0;
  for (const table of PARTITIONED_TABLES) {
    const kept = partitionName(table, oldest);
    for (const name of (await listPartitions(prisma, table)).filter((partition) => partition < kept)) {
      await prisma.$executeRawUnsafe(`DROP TABLE IF EXISTS ${name}`);
      dropped += 1;
    }
  }
  return dropped;
}

async function findExpired(prisma: PrismaClient, oldest: number): Promise<string[]> {
  const before = new Date(oldest * DAY_MS);
  const expired = await prisma.session.findMany({
    where: {
      state: { notIn: [...LIVE_STATES] },
      OR: [{ lastDay: { lt: before } }, { lastDay: null, startedAt: { lt: before } }],
    },
    select: { id: true },
  });
  return expired.map(({ id }) => id);
}
