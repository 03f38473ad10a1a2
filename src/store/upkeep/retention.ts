/**
 * Forgets what is too old, by the database's clock. Whole days that nothing keeps go with their partitions; what one stream
 * keeps for less long than another goes row by row, a batch at a time, so that commits go on between them.
 */
import { LIVE_STATES } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { isLocked, isNoTable } from '../sql/database-errors.ts';
import { listDetached, listPartitions, PARTITIONED_TABLES, partitionName } from '../sql/partitions.ts';
import { DAY_MS, dayOf } from '../sql/utc-days.ts';
import type { DropPartition } from './drop-partition.ts';
import { notePartitionExpired, noteSessionExpired } from './expired-positions.ts';
import { deleteMomentsBefore, trimSums } from './expired-rows.ts';
import { removeOrphans, removeSession } from './removal.ts';

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;

export interface Expired {
  partitions: number;
  /** Of which nothing was left. */
  sessions: number;
  /** Deleted row by row. */
  moments: number;
}

export interface ExpireOptions {
  /** Milliseconds since the epoch; without it the database's clock. */
  now?: number | undefined;
  stopping?: AbortSignal | undefined;
  /** Moments that one transaction deletes. */
  batch?: number | undefined;
}

export interface Retention {
  /**
   * Deletes the moments and readings of each stream that are older than its retention, ended sessions of which nothing is left,
   * with their sums, episodes and tracks, and of others those of whole hours before what is left. A retention of whole days
   * ends with a day (UTC), any other to the hour.
   * @param hours of streams that have no retention of their own; null: nothing of theirs is deleted
   * @throws MienError STORE_UNAVAILABLE, all else done, where partitions stay until somebody has read them
   */
  expire(hours: number | null, options?: ExpireOptions): Promise<Expired>;
  /**
   * Deletes what was recorded in sessions that are gone, as a removal that failed half way left it in earlier versions.
   * @returns of how many sessions
   */
  dropOrphans(stopping?: AbortSignal): Promise<number>;
}

/** Streams that keep what was recorded for equally long. */
interface Group {
  streamIds: string[];
  /** Older moments are deleted; in milliseconds since the epoch. */
  cutoff: number;
}

/** @param forgetPartitions called after partitions were dropped */
export function createRetention(
  prisma: PrismaClient,
  dropPartition: DropPartition,
  forgetPartitions: () => void,
): Retention {
  return {
    async expire(hours, { now, stopping, batch } = {}) {
      const time = now ?? (await databaseTime(prisma));
      const { groups, oldest } = await findGroups(prisma, hours, time);
      const { partitions, held } = await dropPartitions(prisma, dropPartition, oldest);
      if (partitions + held.length > 0) forgetPartitions();
      const expired = { partitions, sessions: 0, moments: 0 };
      for (const group of groups)
        if (!(await expireUnlessLocked(prisma, group, expired, { stopping, batch }))) held.push('moment');
      if (held.length > 0) throw stillRead(held);
      return expired;
    },
    dropOrphans: (stopping) => removeOrphans(prisma, stopping),
  };
}

async function databaseTime(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ now: number }[]>`SELECT extract(epoch FROM now())::float8 AS now`;
  return row!.now * 1000;
}

/** `oldest`: the oldest day that any stream keeps; null: there is no such day. */
async function findGroups(
  prisma: PrismaClient,
  hours: number | null,
  now: number,
): Promise<{ groups: Group[]; oldest: number | null }> {
  const streams = await prisma.stream.findMany({ select: { id: true, retention: true } });
  const byHours = new Map<number | null, string[]>();
  for (const { id, retention } of streams) {
    const own = retention ?? hours;
    byHours.set(own, [...(byHours.get(own) ?? []), id]);
  }
  if (streams.length === 0) byHours.set(hours, []);
  const groups = [...byHours].flatMap(([own, streamIds]) =>
    own === null ? [] : [{ streamIds, cutoff: cutoffOf(own, now) }],
  );
  const oldest = byHours.has(null) ? null : dayOf(Math.min(...groups.map(({ cutoff }) => cutoff)));
  return { groups, oldest };
}

function cutoffOf(hours: number, now: number): number {
  const isWholeDays = hours % HOURS_A_DAY === 0;
  return isWholeDays ? (dayOf(now) - hours / HOURS_A_DAY) * DAY_MS : now - hours * HOUR_MS;
}

/**
 * @param oldest the oldest day that is kept; null: all are
 * @returns how many went, and those that somebody reads: of each table the others behind it wait, too
 */
async function dropPartitions(
  prisma: PrismaClient,
  drop: DropPartition,
  oldest: number | null,
): Promise<{ partitions: number; held: string[] }> {
  const dropped = { partitions: 0, held: [] as string[] };
  if (oldest === null) return dropped;
  for (const table of PARTITIONED_TABLES) {
    const kept = partitionName(table, oldest);
    const names = [...(await listDetached(prisma, table)), ...(await listPartitions(prisma, table))];
    for (const name of names.filter((partition) => partition < kept)) {
      try {
        if (table === 'moment') await notePartitionExpired(prisma, name);
        await drop(table, name);
        dropped.partitions += 1;
      } catch (error) {
        // Another server of this database was faster.
        if (isNoTable(error)) continue;
        if (!isLocked(error)) throw error;
        dropped.held.push(name);
        break;
      }
    }
  }
  return dropped;
}

function stillRead(held: readonly string[]): MienError {
  return new MienError(
    'STORE_UNAVAILABLE',
    `What is older than its retention stays in ${[...new Set(held)].join(' and ')} for now, because a backup, an export or another program that uses the database for long keeps it (pg_stat_activity tells who).`,
  );
}

/** @returns false: somebody has locked a table for so long that the rest of the group waits for the next turn */
async function expireUnlessLocked(...group: Parameters<typeof expireGroup>): Promise<boolean> {
  try {
    await expireGroup(...group);
    return true;
  } catch (error) {
    if (!isLocked(error)) throw error;
    return false;
  }
}

/** @param expired is added to */
async function expireGroup(
  prisma: PrismaClient,
  group: Group,
  expired: Expired,
  { stopping, batch }: Pick<ExpireOptions, 'stopping' | 'batch'>,
): Promise<void> {
  for (const id of await findEnded(prisma, group)) {
    if (stopping?.aborted) return;
    await noteSessionExpired(prisma, id);
    await removeSession(prisma, id);
    expired.sessions += 1;
  }
  const day = dayOf(group.cutoff);
  for (const { id, state } of await findOngoing(prisma, group)) {
    expired.moments += await deleteMomentsBefore(prisma, id, group.cutoff, { stopping, batch });
    if (stopping?.aborted) return;
    const isLeft = await prisma.moment.findFirst({
      where: { sessionId: id, day: { gte: new Date(day * DAY_MS) } },
      select: { seq: true },
    });
    if (isLeft === null && !LIVE_STATES.includes(state)) {
      await removeSession(prisma, id);
      expired.sessions += 1;
    } else await trimSums(prisma, id, day);
  }
}

/** Sessions that ended before the day of the cutoff. */
async function findEnded(prisma: PrismaClient, { streamIds, cutoff }: Group): Promise<string[]> {
  const before = new Date(dayOf(cutoff) * DAY_MS);
  return idsOf(prisma, streamIds, {
    state: { notIn: [...LIVE_STATES] },
    OR: [{ lastDay: { lt: before } }, { lastDay: null, startedAt: { lt: new Date(cutoff) } }],
  }).then((sessions) => sessions.map(({ id }) => id));
}

/** Those that began before the cutoff and have moments of its day or later, or still may get some. */
function findOngoing(prisma: PrismaClient, { streamIds, cutoff }: Group) {
  const before = new Date(dayOf(cutoff) * DAY_MS);
  const isWithinDay = before.getTime() < cutoff;
  return idsOf(prisma, streamIds, {
    firstDay: isWithinDay ? { lte: before } : { lt: before },
    OR: [{ lastDay: { gte: before } }, { state: { in: [...LIVE_STATES] } }],
  });
}

function idsOf(prisma: PrismaClient, streamIds: string[], where: Prisma.SessionWhereInput) {
  return prisma.session.findMany({
    where: { ...where, streamId: { in: streamIds } },
    select: { id: true, state: true },
    orderBy: { ordinal: 'asc' },
  });
}
