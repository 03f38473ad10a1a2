/** Takes over what nobody runs any more: all of it, or nothing. */
import type { PrismaClient } from '../generated/client.ts';
import { ADOPT, FORGET, GONE, KEEP } from './statements.ts';

/**
 * Live sessions of workers whose lease has run out are this one's, and those workers are gone.
 * @param id of this worker; where its own lease was taken over, it gets nothing
 * @param all other workers are gone, whatever they say
 * @returns the ids of the sessions
 */
export function adoptSessions(prisma: PrismaClient, id: string, all: boolean): Promise<string[]> {
  return prisma.$transaction(async (tx) => {
    const ask = async (sql: string, ...values: unknown[]) =>
      (await tx.$queryRawUnsafe<{ id: string }[]>(sql, ...values)).map((row) => row.id);
    const own = await ask(KEEP, id);
    if (own.length === 0) return [];
    const gone = `{${(await ask(GONE, id, all)).join()}}`;
    const sessions = await ask(ADOPT, id, gone);
    await tx.$executeRawUnsafe(FORGET, gone);
    return sessions;
  });
}
