/** What a server's autovacuum does, by its rules: PGlite has none, and would neither use space again nor keep its row ids from running out. */
import type { PrismaClient } from '../generated/client.ts';

/** Tables whose statistics the planner needs; partitions are read by their keys alone. */
const ANALYSED = 'session, track, episode, rollup';
/** As PostgreSQL's `autovacuum_vacuum_threshold`, `autovacuum_vacuum_scale_factor` and `vacuum_freeze_table_age`. */
const THRESHOLD = 50;
const SCALE_FACTOR = 0.2;
const FREEZE_AGE = 150_000_000;

/** @returns vacuums what needs it, one table at a time, so that nobody waits for all of them */
export function createVacuum(prisma: PrismaClient): () => Promise<void> {
  // Counts of dead rows end with the process: what another one left is not known.
  let known = false;
  return async () => {
    await prisma.$executeRawUnsafe(`VACUUM (ANALYZE) ${ANALYSED}`);
    for (const name of await findTables(prisma, known)) await prisma.$executeRawUnsafe(`VACUUM ${name}`);
    known = true;
  };
}

/** On a server: at once, what its autovacuum would come to. Tables that are not this role's to vacuum are left to that. */
export function createServerVacuum(prisma: PrismaClient): (partitions: readonly string[]) => Promise<void> {
  return async (partitions) => {
    const tables = [...partitions, ANALYSED, 'stream', 'erased_stretch', 'marker'];
    await prisma.$executeRawUnsafe(`VACUUM (ANALYZE) ${tables.join()}`);
  };
}

/** Catalogs too, which grow with every partition. @param known false: all of them */
async function findTables(prisma: PrismaClient, known: boolean): Promise<string[]> {
  // By itself PostgreSQL counts late, above all what came last.
  await prisma.$queryRaw`SELECT pg_stat_force_next_flush()::text`;
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT relid::regclass::text AS name FROM pg_stat_all_tables JOIN pg_class ON oid = relid
      WHERE relkind IN ('r', 'm') AND NOT ($1 AND age(relfrozenxid) < ${FREEZE_AGE}
        AND n_dead_tup <= ${THRESHOLD} + ${SCALE_FACTOR} * greatest(reltuples, n_live_tup))
      ORDER BY 1`,
    known,
  );
  return rows.map(({ name }) => name);
}
