/**
 * Drops a day. On a server nobody waits for that: `DROP` alone would wait for whoever reads the table, an export or a backup, and
 * all commits would wait behind it.
 */
import type { SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils';
import type { PrismaClient } from '../generated/client.ts';

/** @param partition of `table`, or what is left of one @throws what `isLocked` knows, where somebody has been reading it for long */
export type DropPartition = (table: string, partition: string) => Promise<void>;

/** Longest wait for those who read, in which no partition can be made either. */
export const LOCK_TIMEOUT = '5s';

export function createDropPartition(prisma: PrismaClient): DropPartition {
  return async (_table, partition) =>
    void (await prisma.$executeRawUnsafe(`DROP TABLE IF EXISTS ${partition}`));
}

/** @param adapter whose connections give up waiting for a lock after LOCK_TIMEOUT */
export function createServerDropPartition(adapter: SqlDriverAdapterFactory): DropPartition {
  return async (table, partition) => {
    const connection = await adapter.connect();
    const run = (sql: string) => connection.executeRaw({ sql, args: [], argTypes: [] });
    try {
      const state = await stateOf(connection, partition);
      // One that was begun, and given up or cut off, has to be finished before any other.
      if (state !== null)
        await run(
          `ALTER TABLE ${table} DETACH PARTITION ${partition} ${state === 'detaching' ? 'FINALIZE' : 'CONCURRENTLY'}`,
        );
      await run(`DROP TABLE IF EXISTS ${partition}`);
    } finally {
      await connection.dispose();
    }
  };
}

/** Null: it is no part of its table any more. */
async function stateOf(
  connection: SqlQueryable,
  partition: string,
): Promise<'attached' | 'detaching' | null> {
  const sql = `SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass('${partition}')`;
  const { rows } = await connection.queryRaw({ sql, args: [], argTypes: [] });
  if (rows.length === 0) return null;
  return rows[0]![0] === true ? 'detaching' : 'attached';
}
