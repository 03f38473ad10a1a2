/** A session with all that was recorded in it. */
import {
  bySlices,
  deleteCounted,
  type ErasureWork,
  lockSession,
  type Transaction,
} from './sliced-deletes.ts';

/** @param done called in the transaction that deletes the last of it */
export async function eraseSession(
  work: ErasureWork,
  sessionId: string,
  done: (tx: Transaction) => Promise<void>,
): Promise<void> {
  const session = await work.prisma.session.findUnique({
    where: { id: sessionId },
    select: { lastSeq: true },
  });
  await bySlices(work, 0, session?.lastSeq ?? -1, async (tx, begin, end) => ({
    readings: await tx.$executeRaw`DELETE FROM reading
      WHERE session_id = ${sessionId}::uuid AND seq >= ${begin} AND seq < ${end}`,
    moments: await tx.$executeRaw`DELETE FROM moment
      WHERE session_id = ${sessionId}::uuid AND seq >= ${begin} AND seq < ${end}`,
  }));
  await deleteCounted(work, async (tx) => {
    await lockSession(tx, sessionId);
    const where = { where: { sessionId } };
    const counts = {
      readings: (await tx.reading.deleteMany(where)).count,
      moments: (await tx.moment.deleteMany(where)).count,
      rollups: (await tx.rollup.deleteMany(where)).count,
      episodes: (await tx.episode.deleteMany(where)).count,
      tracks: (await tx.track.deleteMany(where)).count,
      markers: (await tx.marker.deleteMany(where)).count,
      sessions: (await tx.session.deleteMany({ where: { id: sessionId } })).count,
    };
    await done(tx);
    return counts;
  });
}
