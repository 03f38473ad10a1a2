/** One face of a session. The frames that it was seen in stay, as frames without it. */
import { openMomentLookup } from './moment-lookup.ts';
import {
  bySlices,
  deleteCounted,
  type ErasureWork,
  lockSession,
  type Transaction,
} from './sliced-deletes.ts';

/** @param done called in the transaction that deletes the last of it */
export async function eraseTrack(
  work: ErasureWork,
  sessionId: string,
  track: number,
  done: (tx: Transaction) => Promise<void>,
): Promise<void> {
  const found = await work.prisma.track.findUnique({ where: { sessionId_track: { sessionId, track } } });
  if (found !== null) {
    const places = await openMomentLookup(work.prisma, sessionId);
    const first = await places.atMediaTime(found.firstSeen);
    await bySlices(work, first?.seq ?? 0, places.session.lastSeq, async (tx, begin, end) => ({
      readings: await tx.$executeRaw`DELETE FROM reading
        WHERE session_id = ${sessionId}::uuid AND track = ${track} AND seq >= ${begin} AND seq < ${end}`,
    }));
  }
  await deleteCounted(work, async (tx) => {
    await lockSession(tx, sessionId);
    const where = { where: { sessionId, track } };
    const counts = {
      rollups: await tx
        .$executeRawUnsafe(SUBTRACT, sessionId, track)
        .then(() => deleteRollups(tx, sessionId, track)),
      episodes: (await tx.episode.deleteMany(where)).count,
      tracks: (await tx.track.deleteMany(where)).count,
    };
    await done(tx);
    return counts;
  });
}

function deleteRollups(tx: Transaction, sessionId: string, track: number): Promise<number> {
  return tx.rollup.deleteMany({ where: { sessionId, track } }).then(({ count }) => count);
}

/** Sums over faces, in the whole picture's rows; its frames, drops and covered time are of frames, not of faces. */
const COLUMNS = ['readings', 'abstained', 'valence', 'arousal', 'quality'];
const LISTS = ['labels', 'probabilities', 'durations'];
const subtract = (column: string) => `${column} = w.${column} - t.${column}`;
const subtractEach = (column: string) =>
  `${column} = ARRAY[${[1, 2, 3, 4, 5, 6, 7, 8].map((at) => `greatest(0, w.${column}[${at}] - t.${column}[${at}])`).join()}]`;

const SUBTRACT = `UPDATE rollup AS w SET ${[...COLUMNS.map(subtract), ...LISTS.map(subtractEach)].join()}
  FROM rollup AS t
  WHERE t.session_id = $1::uuid AND t.track = $2::int AND t.span = ANY('{1,10,60,600,3600}'::int[])
    AND w.session_id = t.session_id AND w.track = 0 AND w.span = t.span AND w.second = t.second`;
