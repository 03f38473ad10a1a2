/** What the steps of an erasure have in common: rows are deleted a slice at a time, and counted in the same transaction. */

import type { ErasedCounts } from '../../domain/erasure.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { RollUp } from '../sql/rollup-values.ts';

export type Transaction = Prisma.TransactionClient;

export interface ErasureWork {
  /** Of the record. */
  id: string;
  prisma: PrismaClient;
  rollUp: RollUp;
  /** Moments that one transaction deletes: it holds up all commits of the embedded database, the longer the more. */
  slice: number;
  /** After a slice; what is left is done after the next start. */
  stopping: AbortSignal;
}

/** Deletes in one transaction, and adds to the record what that was. */
export function deleteCounted(
  { prisma, id }: ErasureWork,
  remove: (tx: Transaction) => Promise<Partial<ErasedCounts>>,
): Promise<void> {
  return prisma.$transaction(async (tx) => {
    const counts = await remove(tx);
    const data = Object.fromEntries(
      Object.entries(counts).map(([kind, count]) => [kind, { increment: count }]),
    );
    if (Object.keys(data).length > 0) await tx.erasure.update({ where: { id }, data });
  });
}

/** Calls `remove` for so many sequence numbers at a time, from `from` to `to`, both included. @throws when it is to stop */
export async function bySlices(
  work: ErasureWork,
  from: number,
  to: number,
  remove: (tx: Transaction, begin: number, end: number) => Promise<Partial<ErasedCounts>>,
): Promise<void> {
  for (let begin = from; begin <= to; begin += work.slice) {
    work.stopping.throwIfAborted();
    const end = Math.min(to + 1, begin + work.slice);
    await deleteCounted(work, (tx) => remove(tx, begin, end));
  }
}

/** Whoever commits to the session waits until this transaction is done. */
export async function lockSession(tx: Transaction, sessionId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM session WHERE id = ${sessionId}::uuid FOR UPDATE`;
}
