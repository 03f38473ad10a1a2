/** Where moments stand in their session: found through the index of their keys, without reading the session. */
import { MienError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { dayOf, isoDate } from '../sql/utc-days.ts';

type Transaction = Prisma.TransactionClient;

/** A moment without what it tells. */
export interface MomentPlace {
  seq: number;
  /** Seconds. */
  mediaTime: number;
  /** Milliseconds since the epoch. */
  wallTime: number;
  previousDuration: number;
}

export interface MomentLookup {
  session: {
    id: string;
    streamId: string;
    state: string;
    startedAt: Date;
    mediaStart: number | null;
    mediaEnd: number | null;
    lastSeq: number;
  };
  /** The first from this `seq` on; null: there is none. */
  from(seq: number): Promise<MomentPlace | null>;
  /** The last before this `seq`. */
  before(seq: number): Promise<MomentPlace | null>;
  /** The first at or after this media time, which grows with `seq`. */
  atMediaTime(seconds: number): Promise<MomentPlace | null>;
  /** Runs of moments with a wall time in this range, `to` excluded, in the order of `seq`; the clock may have been set meanwhile. */
  runsByWallTime(from: number, to: number): Promise<{ fromSeq: number; toSeq: number }[]>;
}

/** @throws MienError NOT_FOUND */
export async function openMomentLookup(tx: Transaction, sessionId: string): Promise<MomentLookup> {
  const session = await tx.session.findUnique({ where: { id: sessionId } });
  if (session === null) throw new MienError('NOT_FOUND', `There is no session ${sessionId}.`);
  const { lastSeq } = session;
  const [firstDay, lastDay] = [session.firstDay, session.lastDay].map((day) => dayOf(day?.getTime() ?? 0));
  // They stand in the text, so that the planner looks at their partitions alone.
  const within = (first: number, last: number) =>
    `day BETWEEN '${isoDate(Math.max(first, firstDay!))}' AND '${isoDate(Math.min(last, lastDay!))}'`;
  const days = within(firstDay!, lastDay!);
  const look = async (where: string, order: 'ASC' | 'DESC', seq: number) => {
    const [row] = await tx.$queryRawUnsafe<MomentPlace[]>(
      `SELECT seq, media_time AS "mediaTime", extract(epoch FROM wall_time)::float8 * 1000 AS "wallTime",
        previous_duration AS "previousDuration"
      FROM moment WHERE session_id = $1::uuid AND ${days} AND ${where} ORDER BY seq ${order} LIMIT 1`,
      sessionId,
      seq,
    );
    return row ?? null;
  };
  const from = (seq: number) => look('seq >= $2', 'ASC', seq);
  return {
    session,
    from,
    before: (seq) => look('seq < $2', 'DESC', seq),
    atMediaTime: (seconds) => bisect(from, lastSeq, seconds),
    async runsByWallTime(start, end) {
      return tx.$queryRawUnsafe(
        `SELECT min(seq)::int AS "fromSeq", max(seq)::int AS "toSeq" FROM (
          SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM moment
          WHERE session_id = $1::uuid AND ${within(dayOf(start), dayOf(end))}
            AND wall_time >= to_timestamp($2::float8) AND wall_time < to_timestamp($3::float8)
        ) AS x GROUP BY run ORDER BY 1`,
        sessionId,
        start / 1000,
        end / 1000,
      );
    },
  };
}

async function bisect(
  from: MomentLookup['from'],
  lastSeq: number,
  seconds: number,
): Promise<MomentPlace | null> {
  let [low, high] = [0, lastSeq + 1];
  let found: MomentPlace | null = null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const place = await from(middle);
    if (place !== null && place.mediaTime < seconds) low = place.seq + 1;
    else {
      high = middle;
      found = place ?? found;
    }
  }
  return found;
}
