/** Partitions of `moment` and `reading`, one per day of wall time (UTC), made before they are needed. */
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from './days.ts';

export const PARTITIONED = ['moment', 'reading'] as const;
/** Years 2000 to 2199: beyond them a wall time is a mistake, and each would cost a partition. */
const FIRST_DAY = dayOf(Date.UTC(2000, 0));
const LAST_DAY = dayOf(Date.UTC(2200, 0));
/** Any number that no other program is likely to lock in the same database. */
const LOCK = 6_243_613_006;

export interface Partitions {
  /** Makes what is missing for these wall times. @throws MienError BAD_INPUT for a time that cannot be meant */
  ensure(wallTimes: readonly number[]): Promise<void>;
  /** Call when another process may have dropped some. */
  forget(): void;
}

export function createPartitions(prisma: PrismaClient): Partitions {
  const made = new Set<number>();
  return {
    async ensure(wallTimes) {
      const days = new Set<number>();
      for (const wallTime of wallTimes) {
        const day = dayOf(wallTime);
        if (!made.has(day)) days.add(day);
      }
      for (const day of days) {
        await make(prisma, day);
        made.add(day);
      }
    },
    forget: () => made.clear(),
  };
}

/** Of table `moment` and day 20000: `moment_20241004`. */
export function partitionName(table: string, day: number): string {
  return `${table}_${isoDate(day).replaceAll('-', '')}`;
}

/** Those of one table that there are now, by name. */
export async function partitionsOf(prisma: PrismaClient, table: string): Promise<string[]> {
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

export function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Attaching takes a weaker lock on the parent than creating a partition in place: readers and writers go on. */
async function make(prisma: PrismaClient, day: number): Promise<void> {
  if (!(day >= FIRST_DAY && day < LAST_DAY)) {
    throw new MienError('BAD_INPUT', 'The wall time of a moment must lie between the years 2000 and 2199.');
  }
  await prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(${LOCK})`);
    for (const table of PARTITIONED) {
      const name = partitionName(table, day);
      const [present] = await tx.$queryRawUnsafe<unknown[]>(
        `SELECT 1 WHERE to_regclass('${name}') IS NOT NULL`,
      );
      if (present !== undefined) continue;
      await tx.$executeRawUnsafe(
        `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
      );
      await tx.$executeRawUnsafe(
        `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${isoDate(day)}') TO ('${isoDate(day + 1)}')`,
      );
    }
  });
}
