/** Markers of sessions: a name and a media time each. */
import { asKept, MAX_MARKERS, type Marker, type MarkerChoice, type NewMarker } from '../domain/marker.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { mediaTimesOf } from './read/media-times.ts';

/**
 * Those that are there already stay as they are.
 * @param now milliseconds since the epoch
 * @returns them with their media times, in their order, and how many were not there
 * @throws MienError BAD_INPUT: a time lies outside of the session; CONFLICT: it has too many, or has no such time yet or any more
 * @returns null: there is no such session
 */
export async function addMarkers(
  prisma: PrismaClient,
  sessionId: string,
  added: readonly NewMarker[],
  now: number,
): Promise<{ markers: Marker[]; added: number } | null> {
  return prisma.$transaction(async (tx) => {
    if (!(await lock(tx, sessionId))) return null;
    const times = await mediaTimesOf(
      tx,
      sessionId,
      added.map(({ when }) => when),
      now,
    );
    const markers = added.map(({ name }, at) => asKept({ name, time: times[at]! }));
    const data = markers.map((marker) => ({ sessionId, ...marker }));
    const { count } = await tx.marker.createMany({ data, skipDuplicates: true });
    if ((await tx.marker.count({ where: { sessionId } })) > MAX_MARKERS) throw tooMany();
    return { markers, added: count };
  });
}

/** @returns how many; null: there is no such session */
export async function removeMarkers(
  prisma: PrismaClient,
  sessionId: string,
  choices: readonly MarkerChoice[],
): Promise<number | null> {
  return prisma.$transaction(async (tx) => {
    if (!(await lock(tx, sessionId))) return null;
    const chosen = choices.map(({ name, time }) => {
      const kept = asKept({ name, time: time ?? 0 });
      return time === null ? { name: kept.name } : kept;
    });
    const { count } = await tx.marker.deleteMany({ where: { sessionId, OR: chosen } });
    return count;
  });
}

/** So that two who add markers at once count each other's. */
async function lock(tx: Prisma.TransactionClient, sessionId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM session WHERE id = ${sessionId}::uuid FOR NO KEY UPDATE`;
  return rows.length > 0;
}

function tooMany(): MienError {
  return new MienError(
    'CONFLICT',
    `A session has ${MAX_MARKERS} markers at most. Remove some with \`removeMarkers\`; nothing was added.`,
  );
}
