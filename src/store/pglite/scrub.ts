/**
 * Lets no byte of deleted rows stay in the embedded database's files. A plain vacuum gives the space of rows free, and leaves in
 * it what was there; a full one writes a table's rows and indexes to new files. What the planner noted of the rows (ids that
 * are frequent) is noted anew. The log holds the rows, too, until its segments are removed.
 */
import type { PrismaClient } from '../generated/client.ts';

/** Of which the planner keeps statistics; see `createVacuum`. */
const ANALYSED = ['session', 'track', 'episode', 'rollup'];
const OTHERS = ['stream', 'erased_stretch', 'marker', 'pg_statistic'];
/** More segments of the log than a database of ours ever has. */
const MOST_SEGMENTS = 200;

/** Nobody else is answered while one table is written anew. @param partitions those that rows were deleted from */
export function createScrub(prisma: PrismaClient): (partitions: readonly string[]) => Promise<void> {
  return async (partitions) => {
    const run = (sql: string) => prisma.$executeRawUnsafe(sql);
    for (const table of partitions) await run(`VACUUM (FULL) ${table}`);
    for (const table of ANALYSED) await run(`VACUUM (FULL, ANALYZE) ${table}`);
    for (const table of OTHERS) await run(`VACUUM (FULL) ${table}`);
    await removeLog(prisma);
  };
}

/**
 * Segments that were used are kept under the names of ones to come, with what they hold. So each is begun, which fills it with
 * zeros, and left, until none but the newest is there.
 */
async function removeLog(prisma: PrismaClient): Promise<void> {
  const run = (sql: string) => prisma.$executeRawUnsafe(sql);
  await run('SET wal_recycle = off');
  for (let round = 0; round < MOST_SEGMENTS; round++) {
    await prisma.$queryRaw`SELECT pg_switch_wal()::text`;
    await run('CHECKPOINT');
    const [log] = await prisma.$queryRaw<{ segments: number }[]>`
      SELECT count(*)::int AS segments FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`;
    if (log!.segments <= 1) break;
  }
  await run('RESET wal_recycle');
}
