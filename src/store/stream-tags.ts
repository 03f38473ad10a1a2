/** The tags of all streams in memory: who may see an event is asked at each, and no event waits for the database. */
import type { Tags } from '../domain/access.ts';
import type { Log } from '../domain/log.ts';
import { repeat } from '../threads/repeat.ts';
import type { PrismaClient } from './generated/client.ts';

/** By the id of the stream. */
export type StreamTags = Map<string, Tags>;

export async function openStreamTags(prisma: PrismaClient): Promise<StreamTags> {
  const known: StreamTags = new Map();
  await readStreamTags(prisma, known, null);
  return known;
}

/** How long who was shown a stream may see it when it was tagged anew by another server, which could not say so; in milliseconds. */
const EVERY_MS = 2_000;

/** Reads them again and again while other servers can change them, whether or not these say so. @returns what stops it */
export function keepStreamTags(
  prisma: PrismaClient,
  known: StreamTags,
  lease: { readonly others: number },
  log: Pick<Log, 'warn'> | undefined,
): () => Promise<void> {
  let isFailing = false;
  return repeat(EVERY_MS, async (isFirst) => {
    try {
      if (!isFirst && lease.others > 0) await readStreamTags(prisma, known, null);
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log?.warn(
          { err: error },
          'the tags of streams could not be read; it is tried again every two seconds',
        );
      isFailing = true;
    }
  });
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
