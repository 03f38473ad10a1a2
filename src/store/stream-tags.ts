/** The tags of all streams in memory: who may see an event is asked at each, and no event waits for the database. */
import type { Tags } from '../domain/access.ts';
import type { PrismaClient } from './generated/client.ts';

/** By the id of the stream. */
export type StreamTags = Map<string, Tags>;

export async function openStreamTags(prisma: PrismaClient): Promise<StreamTags> {
  const known: StreamTags = new Map();
  await readStreamTags(prisma, known, null);
  return known;
}

/** Of one stream, or (null) of all. What was changed here while they were read is read again. */
export async function readStreamTags(
  prisma: PrismaClient,
  known: StreamTags,
  id: string | null,
): Promise<void> {
  const where = id === null ? {} : { id };
  for (;;) {
    const before = new Map(known);
    const streams = await prisma.stream.findMany({ where, select: { id: true, tags: true } });
    if (!isSame(known, before)) continue;
    const there = new Map(streams.map((stream) => [stream.id, stream.tags as Tags]));
    for (const one of id === null ? before.keys() : [id]) if (!there.has(one)) known.delete(one);
    for (const [one, tags] of there) known.set(one, tags);
    return;
  }
}

/** By identity: tags are put in place of others as a whole. */
function isSame(one: StreamTags, other: StreamTags): boolean {
  return one.size === other.size && [...one].every(([id, tags]) => other.get(id) === tags);
}
