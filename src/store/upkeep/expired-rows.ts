/** What retention deletes of a session that stays: moments with their readings in batches, then what they summed up to. */
import type { PrismaClient } from '../generated/client.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import { DAY_MS, dayOf, isoDate } from '../sql/utc-days.ts';
import { noteExpired } from './expired-positions.ts';

/** Moments that one transaction deletes: commits wait for no more than that. */
const BATCH = 1_000;
const LONGEST_SPAN = Math.max(...ROLLUP_SPANS);
/** The greatest that the column holds: nothing is left before it. */
const LATEST_SECOND = 2 ** 31 - 1;

/**
 * By wall time, wherever they stand in the session: after a clock was set, older ones may follow newer ones.
 * @param cutoff in milliseconds since the epoch
 * @returns how many moments
 */
export async function deleteMomentsBefore(
  prisma: PrismaClient,
  sessionId: string,
  cutoff: number,
  { stopping, batch = BATCH }: { stopping?: AbortSignal | undefined; batch?: number | undefined },
): Promise<number> {
  const session = await prisma.session.findUnique({ where: { id: sessionId }, select: { firstDay: true } });
  if (session?.firstDay == null) return 0;
  // Days stand in the text, so that the planner looks at their partitions alone.
  const days = `day BETWEEN '${isoDate(dayOf(session.firstDay.getTime()))}' AND '${isoDate(dayOf(cutoff))}'`;
  const expired = `SELECT seq FROM moment WHERE session_id = $1::uuid AND ${days}
    AND wall_time < to_timestamp($2::float8) ORDER BY seq LIMIT ${batch}`;
  const deleteFrom = (table: string, seqs: string) =>
    prisma.$executeRawUnsafe(
      `DELETE FROM ${table} WHERE session_id = $1::uuid AND ${days} AND seq = ANY($2::text::int[])`,
      sessionId,
      seqs,
    );
  for (let deleted = 0; ; ) {
    const rows = stopping?.aborted
      ? []
      : await prisma.$queryRawUnsafe<{ seq: number }[]>(expired, sessionId, cutoff / 1000);
    if (rows.length === 0) return deleted;
    const seqs = `{${rows.map(({ seq }) => seq).join()}}`;
    const note = prisma.$executeRawUnsafe(
      noteExpired(
        `SELECT session_id, position FROM moment WHERE session_id = $1::uuid AND ${days} AND seq = ANY($2::text::int[])`,
      ),
      sessionId,
      seqs,
    );
    await prisma.$transaction([note, deleteFrom('reading', seqs), deleteFrom('moment', seqs)]);
    deleted += rows.length;
  }
}

/**
 * Sums, episodes and tracks of what was deleted, cut at a whole hour, the longest span, so that all spans still add up to the
 * same. The session's first day comes last: until it is set, all of this is done again.
 * @param day the first that may hold moments
 */
export async function trimSums(prisma: PrismaClient, sessionId: string, day: number): Promise<void> {
  const before = new Date(day * DAY_MS);
  const first = await prisma.moment.findFirst({
    where: { sessionId, day: { gte: before } },
    orderBy: { seq: 'asc' },
    select: { mediaTime: true },
  });
  const cut = first === null ? LATEST_SECOND : Math.floor(first.mediaTime / LONGEST_SPAN) * LONGEST_SPAN;
  await deleteRollupsBefore(prisma, sessionId, cut);
  await prisma.episode.deleteMany({ where: { sessionId, offset: { lt: cut } } });
  await prisma.track.deleteMany({ where: { sessionId, lastSeen: { lt: cut } } });
  await prisma.marker.deleteMany({ where: { sessionId, time: { lt: cut } } });
  await prisma.erasedStretch.deleteMany({ where: { sessionId, until: { lte: cut } } });
  const firstDay = { firstDay: before };
  if (first !== null)
    await prisma.session.updateMany({
      where: { id: sessionId, mediaStart: { lt: cut } },
      data: { mediaStart: cut },
    });
  await prisma.session.updateMany({ where: { id: sessionId, firstDay: { lt: before } }, data: firstDay });
}

/** An hour of them at a time; of the tracks that are named, since the index would be read from end to end without. */
async function deleteRollupsBefore(prisma: PrismaClient, sessionId: string, cut: number): Promise<void> {
  const where = { sessionId, firstSeen: { lt: cut } };
  const tracks = await prisma.track.findMany({ where, select: { track: true } });
  const named = `{${[0, ...tracks.map(({ track }) => track)].join()}}`;
  for (;;) {
    const [oldest] = await prisma.$queryRaw<{ second: number }[]>`
      SELECT second FROM rollup WHERE session_id = ${sessionId}::uuid AND span = ${LONGEST_SPAN}
        AND track = ANY(${named}::text::int[]) AND second < ${cut} ORDER BY second LIMIT 1`;
    if (oldest === undefined) return;
    const end = Math.min(cut, oldest.second + LONGEST_SPAN);
    await prisma.$executeRaw`DELETE FROM rollup WHERE session_id = ${sessionId}::uuid
      AND span = ANY(${`{${ROLLUP_SPANS.join()}}`}::text::int[]) AND track = ANY(${named}::text::int[]) AND second < ${end}`;
  }
}
