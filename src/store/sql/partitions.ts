/** Partitions of `moment` and `reading`, one per day of wall time (UTC), made before they are needed. */
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { dayOf, isoDate } from './utc-days.ts';

export const PARTITIONED_TABLES = ['moment', 'reading'] as const;
/** Years 2000 to 2199: beyond them a wall time is a mistake, and every day of one costs partitions. */
const FIRST_DAY = dayOf(Date.UTC(2000, 0));
const LAST_DAY = dayOf(Date.UTC(2200, 0));
/** Any number that no other program is likely to lock in the same database. */
const ADVISORY_LOCK = 6_243_613_006;

export interface Partitions {
  /** Creates what is missing for these wall times. @throws MienError BAD_INPUT for a time that cannot be meant */
  ensure(wallTimes: readonly number[]): Promise<void>;
  /** Looks again at the next call of `ensure`: some may have been dropped. */
  forget(): void;
}

export function createPartitions(prisma: PrismaClient): Partitions {
  const present = new Set<number>();
  return {
    async ensure(wallTimes) {
      const days = new Set<number>();
      for (const wallTime of wallTimes) {
        const day = dayOf(wallTime);
        if (!present.has(day)) days.add(day);
      }
      for (const day of days) {
        await createPartition(prisma, day);
        present.add(day);
      }
    },
    forget: () => present.clear(),
  };
}

/** Of table `moment` and day 20000: `moment_20241004`. */
export function partitionName(table: string, day: number): string {
  return `${table}_${isoDate(day).replaceAll('-', '')}`;
}

/** The partitions that a table has now, by name. */
export async function listPartitions(prisma: PrismaClient, table: string): Promise<string[]> {
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Tables of days that were taken out of their table and not dropped, because the process that was at it ended. */
export async function listDetached(prisma: PrismaClient, table: string): Promise<string[]> {
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relname ~ '^${table}_[0-9]{8}$' AND relkind = 'r' AND NOT relispartition
       AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '${table}'::regclass) ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Attaching takes a weaker lock on the parent than creating a partition in place: readers and writers go on. */
async function createPartition(prisma: PrismaClient, day: number): Promise<void> {
  if (!(day >= FIRST_DAY && day < LAST_DAY)) {
    throw new MienError('BAD_INPUT', 'The wall time of a moment must lie between the years 2000 and 2199.');
  }
  await prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    for (const table of PARTITIONED_TABLES) {
      const name = partitionName(table, day);
      const [existing] = await tx.$queryRawUnsafe<{ attached: boolean }[]>(
        `SELECT relispartition AS attached FROM pg_class WHERE oid = to_regclass('${name}')`,
      );
      if (existing?.attached) continue;
      if (existing === undefined)
        await tx.$executeRawUnsafe(
          `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
        );
      await tx.$executeRawUnsafe(
        `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${isoDate(day)}') TO ('${isoDate(day + 1)}')`,
      );
    }
  });
}
