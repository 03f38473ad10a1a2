/** Reads moments back exactly as they were appended (and published). */
import { EXPRESSIONS, type FaceReading, type Point, QUALITY_ISSUES } from '../../domain/face.ts';
import type { Moment } from '../../domain/moment.ts';
import { LANDMARK } from '../../domain/quantise.ts';
import { KINDS } from '../commit/parameter-layout.ts';
import type { PrismaClient } from '../generated/client.ts';
import { isId } from '../ids.ts';
import { dayOf } from '../upkeep/days.ts';
import { isoDate } from '../upkeep/partitions.ts';

export interface MomentReads {
  /** At most `limit` moments with a sequence number above `after` (-1: from the start), oldest first. Unknown session: none. */
  page(sessionId: string, after: number, limit: number): Promise<Moment[]>;
  /**
   * `oldest`: the least `seq` that retention has left; null without any. `newest`: the greatest that was ever
   * committed; -1 without any.
   */
  extent(sessionId: string): Promise<{ oldest: number | null; newest: number }>;
}

interface Row {
  seq: number;
  media_time: number;
  wall_time: number;
  dropped_busy: number;
  dropped_worker: number;
  dropped_store: number;
  faces: string | null;
}

export function createMomentReads(prisma: PrismaClient): MomentReads {
  const known = (id: string) =>
    isId(id)
      ? prisma.session.findUnique({ where: { id }, select: { lastSeq: true, firstDay: true, lastDay: true } })
      : null;
  return {
    async page(sessionId, after, limit) {
      const session = await known(sessionId);
      if (session?.firstDay == null || session.lastDay === null || session.lastSeq <= after) return [];
      const sql = pageSql(dayOf(session.firstDay.getTime()), dayOf(session.lastDay.getTime()));
      const rows = await prisma.$queryRawUnsafe<Row[]>(sql, sessionId, after, limit);
      return rows.map((row) => decode(sessionId, row));
    },
    async extent(sessionId) {
      const session = await known(sessionId);
      if (session?.firstDay == null) return { oldest: null, newest: -1 };
      const oldest = await prisma.moment.findFirst({
        where: { sessionId, day: { gte: session.firstDay } },
        orderBy: { seq: 'asc' },
        select: { seq: true },
      });
      return { oldest: oldest?.seq ?? null, newest: session.lastSeq };
    },
  };
}

const LISTS = ['probabilities', 'raw_probabilities', 'action_units'];
const list = (column: string) => `'[' || array_to_string(${column}, ',') || ']'`;

/**
 * Days stand in the text, not in a parameter, so that the planner never looks at other days' partitions. The columns
 * of a face are joined to JSON by hand: PostgreSQL's functions for it take half as long again.
 */
function pageSql(firstDay: number, lastDay: number): string {
  const within = (table: string) => `${table}.day BETWEEN '${isoDate(firstDay)}' AND '${isoDate(lastDay)}'`;
  return `SELECT m.seq, m.media_time, extract(epoch FROM m.wall_time)::float8 AS wall_time,
    m.dropped_busy, m.dropped_worker, m.dropped_store,
    (SELECT string_agg(concat_ws(',', track, coalesce(array_position(${KINDS}, expression), 0), x, y, width, height,
        confidence, agreement, valence, arousal, yaw, pitch, roll, quality, issues, ${LISTS.map(list)},
        '"' || encode(landmarks, 'hex') || '"'), '],[' ORDER BY track)
      FROM reading AS r WHERE r.session_id = m.session_id AND r.seq = m.seq AND r.day = m.day AND ${within('r')}) AS faces
  FROM moment AS m WHERE m.session_id = $1::uuid AND m.seq > $2 AND ${within('m')}
  ORDER BY m.seq LIMIT $3`;
}

function decode(sessionId: string, row: Row): Moment {
  const { dropped_busy: busy, dropped_worker: worker, dropped_store: store } = row;
  return {
    sessionId,
    seq: row.seq,
    mediaTime: row.media_time,
    wallTime: Math.round(row.wall_time * 1000),
    dropped: { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) },
    faces: row.faces === null ? [] : (JSON.parse(`[[${row.faces}]]`) as FaceColumns[]).map(decodeFace),
  };
}

type Numbers = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
type FaceColumns = [number, number, ...Numbers, number, number[], number[], number[], string];

function decodeFace(columns: FaceColumns): FaceReading {
  const [track, expression, x, y, width, height, confidence, agreement, valence, arousal, yaw, pitch, roll] =
    columns;
  const [, , , , , , , , , , , , , score, issues, probabilities, rawProbabilities, actionUnits, landmarks] =
    columns;
  return {
    track,
    box: { x, y, width, height },
    expression: EXPRESSIONS[expression - 1] ?? null,
    confidence,
    probabilities,
    rawProbabilities,
    agreement,
    valence,
    arousal,
    pose: { yaw, pitch, roll },
    actionUnits,
    landmarks: decodePoints(landmarks),
    quality: { score, issues: QUALITY_ISSUES.filter((_, bit) => issues & (1 << bit)) },
  };
}

function decodePoints(hex: string): Point[] {
  const bytes = Buffer.from(hex, 'hex');
  const points: Point[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    points.push({ x: bytes.readInt16LE(at) / LANDMARK, y: bytes.readInt16LE(at + 2) / LANDMARK });
  }
  return points;
}
