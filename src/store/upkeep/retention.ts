/** Forgets: whole days by dropping their partitions, and single sessions row by row. */
import type { Log } from '../../domain/log.ts';
import type { PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from './days.ts';
import { PARTITIONED, partitionName, partitionsOf } from './partitions.ts';
import { removeOwnerless, removeSessions } from './removal.ts';

const HOUR_MS = 3_600_000;
const LIVE = ['STARTING', 'RUNNING', 'RECONNECTING'] as const;

export interface Retention {
  /**
   * Drops the readings and moments of days that ended `days` or more ago (UTC), and ended sessions of which nothing
   * is left, with their rollups, episodes and tracks.
   */
  dropOlderThan(days: number, now?: number): Promise<{ partitions: number; sessions: number }>;
  /**
   * Deletes what was recorded in sessions that are gone, as a removal that failed half way left it in earlier versions.
   * @returns of how many sessions
   */
  dropOwnerless(stopping?: AbortSignal): Promise<number>;
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
    dropOwnerless: (stopping) => removeOwnerless(prisma, stopping),
  };
}

export interface Upkeep {
  retention: Retention;
  /** Undefined: everything is kept. */
  days: number | undefined;
  tidy(): Promise<void>;
  log: Pick<Log, 'info' | 'warn'> | undefined;
}

/** Now (but for `tidy`, which a start has no need of) and every hour. @returns what stops it, after the step under way */
export function startUpkeep({ retention, days, tidy, log }: Upkeep): () => Promise<void> {
  const stopping = new AbortController();
  const forget = async () => {
    const sessions = await retention.dropOwnerless(stopping.signal);
    if (sessions > 0) log?.info({ sessions }, 'removed what was left of sessions that are gone');
    if (days === undefined) return;
    const dropped = await retention.dropOlderThan(days);
    log?.info(dropped, 'retention');
  };
  const round = (...steps: (() => Promise<void>)[]) =>
    steps
      .reduce((before, step) => before.then(step), Promise.resolve())
      .catch((error) => log?.warn({ err: error }, 'upkeep of the database failed; it will be tried again'));
  let running = round(forget);
  const timer = setInterval(() => {
    running = running.then(() => round(forget, tidy));
  }, HOUR_MS);
  timer.unref();
  return async () => {
    stopping.abort();
    clearInterval(timer);
    await running;
  };
}

async function dropPartitions(prisma: PrismaClient, oldest: number): Promise<number> {
  let dropped = 0;
  for (const table of PARTITIONED) {
    const kept = partitionName(table, oldest);
    for (const name of (await partitionsOf(prisma, table)).filter((partition) => partition < kept)) {
      await prisma.$executeRawUnsafe(`DROP TABLE IF EXISTS ${name}`);
      dropped += 1;
    }
  }
  return dropped;
}
