/** The tags of all streams in memory: who may see an event is asked at each, and no event waits for the database. */
import type { Tags } from '../domain/access.ts';
import type { PrismaClient } from './generated/client.ts';

/** By the id of the stream. */
export type StreamTags = Map<string, Tags>;

export async function readStreamTags(prisma: PrismaClient): Promise<StreamTags> {
  const streams = await prisma.stream.findMany({ select: { id: true, tags: true } });
  return new Map(streams.map(({ id, tags }) => [id, tags as Tags]));
}
