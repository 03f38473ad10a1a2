/**
 * At which media time of a session something happened that is told by the wall clock. The wall clock is known at moments: between
 * two of them, media time is taken to pass evenly. Behind the newest it passes as the clock does, as long as the source lasts.
 */

import type { SourceInput } from '../../domain/frame.ts';
import type { MarkerTime } from '../../domain/marker.ts';
import { LIVE_STATES, runsInRealTime } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import { dayOf, isoDate } from '../sql/utc-days.ts';

type Reader = Pick<Prisma.TransactionClient, '$queryRawUnsafe' | 'session'>;

/** How much later than the server’s clock a client’s may be, in milliseconds. */
const CLOCKS_APART = 5_000;

/** @returns in seconds, in the order of the times @throws MienError BAD_INPUT, CONFLICT */
export async function mediaTimesOf(
  prisma: Reader,
  sessionId: string,
  times: readonly MarkerTime[],
  now: number,
): Promise<number[]> {
  if (times.every((time) => time !== 'NOW' && 'media' in time)) return times.map(mediaOf);
  const session = await readSession(prisma, sessionId);
  if (times.includes('NOW')) assertHasNow(session);
  const walls = times.map((time) => (time === 'NOW' ? now : 'wall' in time ? time.wall : null));
  const around = await readNeighbours(prisma, session, walls);
  return times.map((time, at) => {
    const wall = walls[at];
    return wall == null ? mediaOf(time) : mediaTimeAt(wall, around.get(at), session, now);
  });
}

function mediaOf(time: MarkerTime): number {
  if (time === 'NOW' || !('media' in time)) throw new RangeError('this time is not told as media time');
  return time.media;
}

interface Session {
  id: string;
  isLive: boolean;
  inRealTime: boolean;
  firstDay: Date | null;
  lastDay: Date | null;
  mediaEnd: number | null;
}

async function readSession(prisma: Reader, id: string): Promise<Session> {
  const { stream, state, ...session } = await prisma.session.findUniqueOrThrow({
    where: { id },
    select: {
      ...{ id: true, state: true, firstDay: true, lastDay: true, mediaEnd: true },
      stream: { select: { realtime: true, source: true } },
    },
  });
  const source = stream.source as unknown as SourceInput;
  const inRealTime = runsInRealTime({ realtime: stream.realtime, source }, null);
  return { ...session, isLive: LIVE_STATES.includes(state), inRealTime };
}

function assertHasNow({ isLive, inRealTime, firstDay }: Session): void {
  const told = 'Tell when it was by `time`, in seconds of media time, or by `at`.';
  if (!isLive) throw new MienError('CONFLICT', `This session has ended, so that it has no “now”. ${told}`);
  if (!inRealTime) {
    throw new MienError(
      'CONFLICT',
      'This recording is read as fast as it can be, so that it has no “now”. Tell `time`, in seconds of media time.',
    );
  }
  if (firstDay === null)
    throw new MienError('CONFLICT', 'This session has no frame yet. Ask again in a moment.');
}

/** Two moments that follow each other, with a wall time between them; times of the wall in milliseconds. */
interface Neighbours {
  number: number;
  media: number;
  wall: number;
  /** Null: there is none behind. */
  nextMedia: number | null;
  nextWall: number | null;
}

/** @returns by the place of the time; without those before the first moment */
async function readNeighbours(
  prisma: Reader,
  { id, firstDay, lastDay }: Session,
  walls: readonly (number | null)[],
): Promise<ReadonlyMap<number, Neighbours>> {
  if (firstDay === null || lastDay === null) return new Map();
  const days = [firstDay, lastDay].map((day) => `'${isoDate(dayOf(day.getTime()))}'`);
  const rows = await prisma.$queryRawUnsafe<Neighbours[]>(
    neighboursSql(days.join(' AND ')),
    id,
    `{${walls.map((wall) => (wall === null ? 'NULL' : wall / 1000)).join()}}`,
  );
  return new Map(rows.map((row) => [row.number - 1, row]));
}

function mediaTimeAt(
  wall: number,
  around: Neighbours | undefined,
  { isLive, inRealTime, mediaEnd }: Session,
  now: number,
): number {
  if (around === undefined) throw outside(wall, 'before its first frame that is kept');
  const since = around.media + (wall - around.wall) / 1000;
  if (around.nextMedia !== null) {
    // Where the clock was set back, the next moment is earlier by it.
    if (around.nextWall! <= around.wall) return Math.min(since, around.nextMedia);
    const share = (wall - around.wall) / (around.nextWall! - around.wall);
    return around.media + Math.min(1, share) * (around.nextMedia - around.media);
  }
  if (isLive && inRealTime && wall <= now + CLOCKS_APART) return since;
  if (since <= (mediaEnd ?? around.media)) return since;
  throw outside(wall, isLive ? 'behind its newest frame' : 'behind its last frame');
}

function outside(wall: number, where: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `At ${new Date(wall).toISOString()} this session had no frame: that is ${where}. Take another \`at\`, or tell \`time\`.`,
  );
}

/**
 * Of each of the times $2, in seconds since the epoch, in session $1: the last moment that is not behind it, and the one behind that. Down
 * the spans: of the last rollup that begins before it, the last within, and so on.
 * @param days in which the session’s moments lie
 */
function neighboursSql(days: string): string {
  const moments = (where: string, order: string) =>
    `SELECT m.seq, m.media_time, extract(epoch FROM m.wall_time)::float8 * 1000 AS wall FROM moment AS m
      WHERE m.session_id = $1::uuid AND m.day BETWEEN ${days} AND ${where} ORDER BY m.seq ${order} LIMIT 1`;
  return `SELECT w.number::int, b.media_time AS media, b.wall, n.media_time AS "nextMedia", n.wall AS "nextWall"
    FROM unnest($2::text::float8[]) WITH ORDINALITY AS w (at, number)
      ${ROLLUP_SPANS.map(lastNotBehind).reverse().join('\n      ')}
      LEFT JOIN LATERAL (SELECT r.first_seq FROM rollup AS r WHERE r.session_id = $1::uuid AND r.span = 1 AND r.track = 0
        AND r.frames > 0 AND r.second > s1.second ORDER BY r.second LIMIT 1) AS f ON true
      CROSS JOIN LATERAL (${moments('m.seq >= s1.first_seq AND m.seq < coalesce(f.first_seq, 2147483647) AND m.wall_time <= to_timestamp(w.at)', 'DESC')}) AS b
      LEFT JOIN LATERAL (${moments('m.seq > b.seq', 'ASC')}) AS n ON true`;
}

function lastNotBehind(span: number, at: number): string {
  const longer = ROLLUP_SPANS[at + 1];
  const within =
    longer === undefined
      ? ''
      : `AND r.second >= s${longer}.second AND r.second < s${longer}.second + ${longer}`;
  return `CROSS JOIN LATERAL (SELECT r.second, r.first_seq FROM rollup AS r
        WHERE r.session_id = $1::uuid AND r.span = ${span} AND r.track = 0 ${within} AND r.started_at <= to_timestamp(w.at)
        ORDER BY r.second DESC LIMIT 1) AS s${span}`;
}
