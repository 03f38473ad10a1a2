/** Reads moments back exactly as they were appended (and published). */
import { isId } from '../../domain/id-format.ts';
import type { Moment } from '../../domain/moment.ts';
import type { Prisma } from '../generated/client.ts';
import { type ReadBytes, readBytesAsText } from '../sql/binary-records.ts';
import { dayOf } from '../sql/utc-days.ts';
import { decodeMoments, momentsSql, within } from './moment-columns.ts';
import { createReadPage, type DayReader, type Days } from './narrow-days.ts';
import { decodeStoredFace } from './stored-face.ts';

export type Reader = Pick<Prisma.TransactionClient, '$queryRawUnsafe' | 'session'>;

export interface MomentQueries {
  /** At most `limit` moments with a sequence number above `after` (-1: from the start), oldest first. Unknown session: none. */
  page(sessionId: string, after: number, limit: number): Promise<Moment[]>;
  /** The same with faces that are `StoredReading`s. */
  storedPage(sessionId: string, after: number, limit: number): Promise<Moment[]>;
  /**
   * `oldest`: the least `seq` that retention has left; null without any. `newest`: the greatest that was ever
   * committed; -1 without any.
   */
  extent(sessionId: string): Promise<{ oldest: number | null; newest: number }>;
}

export function createMomentQueries(
  prisma: Prisma.TransactionClient,
  readBytes: ReadBytes = readBytesAsText(prisma),
): MomentQueries {
  const findSession = (id: string) =>
    isId(id)
      ? prisma.session.findUnique({ where: { id }, select: { lastSeq: true, firstDay: true, lastDay: true } })
      : null;
  const createPage = (decode?: typeof decodeStoredFace): MomentQueries['page'] => {
    const readPage = createReadPage(createDayReader(prisma, readBytes, decode));
    return async (sessionId, after, limit) => {
      const session = await findSession(sessionId);
      if (session?.firstDay == null || session.lastDay === null || session.lastSeq <= after) return [];
      const days = { first: dayOf(session.firstDay.getTime()), last: dayOf(session.lastDay.getTime()) };
      return readPage(sessionId, after, Math.min(limit, session.lastSeq - after), days);
    };
  };
  return {
    page: createPage(),
    storedPage: createPage(decodeStoredFace),
    async extent(sessionId) {
      const session = await findSession(sessionId);
      if (session?.firstDay == null) return { oldest: null, newest: session?.lastSeq ?? -1 };
      const oldest = await prisma.moment.findFirst({
        where: { sessionId, day: { gte: session.firstDay } },
        orderBy: { seq: 'asc' },
        select: { seq: true },
      });
      return { oldest: oldest?.seq ?? null, newest: session.lastSeq };
    },
  };
}

function createDayReader(
  prisma: Prisma.TransactionClient,
  readBytes: ReadBytes,
  decode?: typeof decodeStoredFace,
): DayReader {
  return {
    async findNext(sessionId, after, days) {
      const sql = `SELECT m.seq, m.day - date '1970-01-01' AS day FROM moment AS m
        WHERE m.session_id = $1::uuid AND m.seq > $2 AND ${within('m', days)} ORDER BY m.seq LIMIT 1`;
      const [next] = await prisma.$queryRawUnsafe<{ seq: number; day: number }[]>(sql, sessionId, after);
      return next ?? null;
    },
    async read(sessionId, after, limit, days) {
      const isBehind = (table: string) => `${table}.seq > $2`;
      const sql = sqlOf(isBehind, days, 'LIMIT $3');
      const cells = await readBytes(sql, [sessionId, after, limit]);
      return decodeMoments(sessionId, cells, decode).map((moment) => ({
        moment,
        day: dayOf(moment.wallTime),
      }));
    },
  };
}

/** Those of these numbers, ascending. */
export async function readMoments(
  prisma: Reader,
  sessionId: string,
  seqs: readonly number[],
  days: Days,
): Promise<Moment[]> {
  if (seqs.length === 0) return [];
  const [least, greatest] = [Math.min(...seqs), Math.max(...seqs)];
  // The numbers stand in the text, and between bounds, so that the index finds them: a server reads the whole session for a parameter.
  const isListed = (table: string) =>
    `${table}.seq >= ${least} AND ${table}.seq <= ${greatest} AND ${table}.seq = ANY('{${seqs.join()}}'::int[])`;
  return decodeMoments(sessionId, await readBytesAsText(prisma)(sqlOf(isListed, days), [sessionId]));
}

function sqlOf(where: (table: string) => string, days: Days, limit = ''): string {
  const whereOf = (table: string) =>
    `${table}.session_id = $1::uuid AND ${where(table)} AND ${within(table, days)}`;
  return momentsSql(
    `SELECT m.* FROM moment AS m WHERE ${whereOf('m')} ORDER BY m.seq ${limit}`,
    whereOf('r'),
  );
}
