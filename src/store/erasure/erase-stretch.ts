/**
 * Moments of a session that follow each other, with what they summed up to.
 *
 * 1. Their rows are deleted, and the seconds that lie wholly among them; a slice at a time.
 * 2. In one transaction, while nobody commits to the session: the moment behind them tells of the one before them; the seconds at
 *    both ends are summed anew; episodes that touch them go; tracks begin and end with what is left of them; and the session
 *    notes the stretch, so that it is not taken for a hole of the source.
 * 3. Episodes are looked for once more: on a server, a commit that waited for the second part does not see the stretch noted,
 *    since its one statement looks at the database as it was before it waited.
 */
import { HALF_STEP, type StretchStep } from '../../domain/erasure.ts';
import { openMomentLookup } from './moment-lookup.ts';
import {
  bySlices,
  deleteCounted,
  type ErasureWork,
  lockSession,
  type Transaction,
} from './sliced-deletes.ts';
import { deleteSums, sumAgain } from './sum-again.ts';

const SECONDS = [1];
/** Seconds summed up that one transaction deletes. */
const HOUR = 3600;
/** Longest time in seconds that a moment stands for, and a little more. */
const LONGEST_DURATION = 601;

/** @param done called in the transaction of the last part; until then all of it may be done again */
export async function eraseStretch(
  work: ErasureWork,
  step: StretchStep,
  done: (tx: Transaction) => Promise<void>,
): Promise<void> {
  const { sessionId, fromSeq, toSeq, firstSecond, lastSecond } = step;
  if ((await work.prisma.session.findUnique({ where: { id: sessionId } })) === null) {
    return deleteCounted(work, (tx) => done(tx).then(() => ({})));
  }
  await bySlices(work, fromSeq, toSeq, async (tx, begin, end) => ({
    readings: await deleteReadings(tx, sessionId, begin, end),
    moments: await tx.$executeRaw`DELETE FROM moment
      WHERE session_id = ${sessionId}::uuid AND seq >= ${begin} AND seq < ${end}`,
  }));
  const tracks = await tracksIn(work.prisma, step);
  for (let from = firstSecond + 1; from < lastSecond; from += HOUR) {
    work.stopping.throwIfAborted();
    const to = Math.min(lastSecond, from + HOUR);
    await deleteCounted(work, async (tx) => ({
      rollups: await deleteSums(tx, { sessionId, tracks }, SECONDS, from, to),
    }));
  }
  await deleteCounted(work, async (tx) => {
    await lockSession(tx, sessionId);
    await tellOfMomentBefore(tx, step);
    const seconds = { sessionId, first: firstSecond, last: lastSecond, tracks };
    const counts = {
      rollups: await sumAgain(tx, work.rollUp, seconds, fromSeq),
      episodes: await deleteEpisodes(tx, step),
      tracks: await trimTracks(tx, step),
      markers: await deleteMarkers(tx, step),
    };
    await noteStretch(tx, step);
    return counts;
  });
  await deleteLateEpisodes(work, step, done);
}

function deleteLateEpisodes(
  work: ErasureWork,
  step: StretchStep,
  done: (tx: Transaction) => Promise<void>,
): Promise<void> {
  return deleteCounted(work, async (tx) => {
    await lockSession(tx, step.sessionId);
    const counts = { episodes: await deleteEpisodes(tx, step) };
    await done(tx);
    return counts;
  });
}

/** In the same statement as its track's count, so that this is right whenever it is interrupted. */
async function deleteReadings(
  tx: Transaction,
  sessionId: string,
  begin: number,
  end: number,
): Promise<number> {
  const [row] = await tx.$queryRaw<{ readings: number }[]>`
    WITH gone AS (
      DELETE FROM reading WHERE session_id = ${sessionId}::uuid AND seq >= ${begin} AND seq < ${end} RETURNING track
    ), counted AS (
      SELECT track, count(*)::int AS readings FROM gone GROUP BY track
    ), less AS (
      UPDATE track SET readings = track.readings - counted.readings FROM counted
      WHERE track.session_id = ${sessionId}::uuid AND track.track = counted.track
    )
    SELECT coalesce(sum(readings), 0)::int AS readings FROM counted`;
  return row?.readings ?? 0;
}

/** The whole picture, and all tracks that have sums in these seconds. */
async function tracksIn(
  tx: Transaction,
  { sessionId, firstSecond, lastSecond }: StretchStep,
): Promise<number[]> {
  const tracks = await tx.track.findMany({
    where: {
      sessionId,
      firstSeen: { lt: lastSecond + 1 },
      lastSeen: { gte: firstSecond - LONGEST_DURATION },
    },
    select: { track: true },
  });
  return [0, ...tracks.map(({ track }) => track)];
}

async function tellOfMomentBefore(
  tx: Transaction,
  { sessionId, toSeq, durationBefore }: StretchStep,
): Promise<void> {
  const behind =
    durationBefore === null ? null : await (await openMomentLookup(tx, sessionId)).from(toSeq + 1);
  if (behind === null) return;
  await tx.moment.updateMany({
    where: { sessionId, seq: behind.seq },
    data: { previousDuration: durationBefore! },
  });
}

/** An episode that goes through them would tell of them, so it goes as a whole. */
async function deleteEpisodes(tx: Transaction, { sessionId, since, until }: StretchStep): Promise<number> {
  const { count } = await tx.episode.deleteMany({
    where: {
      sessionId,
      onset: { lt: until - HALF_STEP },
      OR: [{ offset: null }, { offset: { gte: since - HALF_STEP } }],
    },
  });
  return count;
}

/** They tell what happened while these moments stood. */
async function deleteMarkers(tx: Transaction, { sessionId, since, until }: StretchStep): Promise<number> {
  const { count } = await tx.marker.deleteMany({ where: { sessionId, time: { gte: since, lt: until } } });
  return count;
}

/** @returns of how many tracks nothing is left */
async function trimTracks(tx: Transaction, step: StretchStep): Promise<number> {
  const { sessionId, fromSeq, toSeq } = step;
  const [since, until] = [step.since - HALF_STEP, step.until - HALF_STEP];
  const cut = await tx.track.findMany({
    where: { sessionId, firstSeen: { lt: until }, lastSeen: { gte: since } },
  });
  let gone = 0;
  for (const { track, firstSeen, lastSeen, startedAt, endedAt } of cut) {
    const key = { sessionId_track: { sessionId, track } };
    const first =
      firstSeen < since
        ? { time: firstSeen, at: startedAt }
        : await seenAt(tx, step, track, `seq > ${toSeq}`, 'ASC');
    const last =
      lastSeen >= until
        ? { time: lastSeen, at: endedAt }
        : await seenAt(tx, step, track, `seq < ${fromSeq}`, 'DESC');
    if (first === null || last === null || first.time > last.time) {
      await tx.track.delete({ where: key });
      gone += 1;
    } else {
      const times = { firstSeen: first.time, lastSeen: last.time, startedAt: first.at, endedAt: last.at };
      await tx.track.update({ where: key, data: times });
    }
  }
  return gone;
}

/** Seconds of media time, and the wall time. */
interface Sighting {
  time: number;
  at: Date;
}

/** Media time and wall time of a track's first or last reading of those that are left. */
async function seenAt(
  tx: Transaction,
  { sessionId }: StretchStep,
  track: number,
  where: string,
  order: 'ASC' | 'DESC',
): Promise<Sighting | null> {
  const [row] = await tx.$queryRawUnsafe<Sighting[]>(
    `SELECT m.media_time AS time, m.wall_time AS at FROM reading AS r JOIN moment AS m USING (session_id, seq, day)
      WHERE r.session_id = $1::uuid AND r.track = $2::int AND r.${where} ORDER BY seq ${order} LIMIT 1`,
    sessionId,
    track,
  );
  return row ?? null;
}

/** As one with those that it touches. */
async function noteStretch(tx: Transaction, { sessionId, since, until }: StretchStep): Promise<void> {
  const where = { sessionId, since: { lte: until }, until: { gte: since } };
  const touched = await tx.erasedStretch.findMany({ where });
  await tx.erasedStretch.deleteMany({ where });
  await tx.erasedStretch.create({
    data: {
      sessionId,
      since: Math.min(since, ...touched.map((other) => other.since)),
      until: Math.max(until, ...touched.map((other) => other.until)),
    },
  });
}
