/** Forgets: whole days by dropping their partitions, and single sessions row by row. */
import type { Log } from '../../domain/log.ts';
import type { PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from './days.ts';
import { PARTITIONED, partitionName } from './partitions.ts';

const HOUR_MS = 3_600_000;
const LIVE = ['STARTING', 'RUNNING', 'RECONNECTING'] as const;

export interface Retention {
  /**
   * Drops the readings and moments of days that ended `days` or more ago (UTC), and ended sessions of which nothing
   * is left, with their rollups, episodes and tracks.
   */
  dropOlderThan(days: number, now?: number): Promise<{ partitions: number; sessions: number }>;
}

export function createRetention(prisma: PrismaClient, forgetPartitions: () => void): Retention {
  return {
    async dropOlderThan(days, now = Date.now()) {
      const oldest = dayOf(now) - days;
      const partitions = await dropPartitions(prisma, oldest);
      forgetPartitions();
      const before = new Date(oldest * DAY_MS);
      const expired = await prisma.session.findMany({
        where: {
          state: { notIn: [...LIVE] },
          OR: [{ lastDay: { lt: before } }, { lastDay: null, startedAt: { lt: before } }],
        },
        select: { id: true },
      });
      const ids = expired.map(({ id }) => id);
      await removeSessions(prisma, ids);
      return { partitions, sessions: ids.length };
    },
  };
}

export interface Upkeep {
  retention: Retention;
  /** Undefined: everything is kept. */
  days: number | undefined;
  tidy(): Promise<void>;
  log: Pick<Log, 'info' | 'warn'> | undefined;
}

/** Now and every hour. @returns what stops it, after the round under way */
export function startUpkeep({ retention, days, tidy, log }: Upkeep): () => Promise<void> {
  const round = async () => {
    try {
      if (days !== undefined) {
        const dropped = await retention.dropOlderThan(days);
        log?.info(dropped, 'retention');
      }
      await tidy();
    } catch (error) {
      log?.warn({ err: error }, 'upkeep of the database failed; it will be tried again');
    }
  };
  let running = days === undefined ? Promise.resolve() : round();
  const timer = setInterval(() => {
    running = running.then(round);
  }, HOUR_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Sessions first: their rows are what a commit under way waits for, and then it finds its session gone. */
export async function removeSessions(prisma: PrismaClient, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const where = { where: { sessionId: { in: ids } } };
  await prisma.$transaction([
    prisma.session.deleteMany({ where: { id: { in: ids } } }),
    prisma.reading.deleteMany(where),
    prisma.moment.deleteMany(where),
    prisma.rollup.deleteMany(where),
  ]);
}

async function dropPartitions(prisma: PrismaClient, oldest: number): Promise<number> {
  let dropped = 0;
  for (const table of PARTITIONED) {
    const kept = partitionName(table, oldest);
    const names = await prisma.$queryRawUnsafe<{ name: string }[]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass`,
    );
    for (const { name } of names.filter((partition) => partition.name < kept)) {
      await prisma.$executeRawUnsafe(`DROP TABLE IF EXISTS ${name}`);
      dropped += 1;
    }
  }
  return dropped;
}
