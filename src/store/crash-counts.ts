/** How often in a row a stream's start crashed its server. */
import { isId } from '../domain/id-format.ts';
import type { PrismaClient } from './generated/client.ts';
import { updateStream } from './update-stream.ts';

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
      return (await updateStream(prisma, id, { crashes: { increment: 1 } })).crashes;
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
