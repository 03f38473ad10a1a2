/** What is changed of a stream that is stored, and how often it crashed its server. */
import { isId } from '../domain/ids.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';

export interface CrashCounts {
  /** One more crash of the server that came soon after its start. Returns how many in a row. @throws MienError NOT_FOUND */
  countCrash(id: string): Promise<number>;
  /** How many so far; 0 when the stream is gone. */
  crashesOf(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
}

export function createCrashCounts(prisma: PrismaClient): CrashCounts {
  return {
    async countCrash(id) {
      return (await update(prisma, id, { crashes: { increment: 1 } })).crashes;
    },
    async crashesOf(id) {
      const row = isId(id)
        ? await prisma.stream.findUnique({ where: { id }, select: { crashes: true } })
        : null;
      return row?.crashes ?? 0;
    },
    async forgetCrashes(id) {
      if (isId(id))
        await prisma.stream.updateMany({ where: { id, crashes: { gt: 0 } }, data: { crashes: 0 } });
    },
  };
}

/** @throws MienError NOT_FOUND */
export async function update(
  prisma: PrismaClient,
  id: string,
  data: Prisma.StreamUpdateManyMutationInput,
): Promise<Stream> {
  const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data }) : [];
  if (row === undefined) throw notFound(id);
  return row;
}

export function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}
