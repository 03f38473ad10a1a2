/** Moments as they are read: columns, and what becomes of them. */
import type { FaceReading } from '../../domain/face.ts';
import { nonZeroDrops } from '../../domain/frame.ts';
import type { Moment } from '../../domain/moment.ts';
import { BinaryRecords, bytesOf, recordsSql, type TwoCells } from '../sql/binary-records.ts';
import { isoDate } from '../sql/utc-days.ts';
import type { Days } from './narrow-days.ts';
import { decodeFace, FACE } from './stored-face.ts';

/** Days stand in the text, not in a parameter, so that the planner never looks at other days' partitions. */
export function within(table: string, { first, last }: Days): string {
  return `${table}.day BETWEEN '${isoDate(first)}' AND '${isoDate(last)}'`;
}

/** Of table `m`. */
const MOMENT = `record_send(ROW(m.seq, m.media_time, extract(epoch FROM m.wall_time)::float8,
    m.dropped_busy, m.dropped_worker, m.dropped_store, m.dropped_source, m.previous_duration, m.cut, m.loop_index, m.source_time))`;

/** Of one moment, in a query of table `m`. */
export const MOMENT_COLUMNS = (days: Days) => `encode(${MOMENT}, 'hex') AS moment,
  encode(${recordsSql(FACE, `FROM (SELECT * FROM reading AS r WHERE r.session_id = m.session_id AND r.seq = m.seq AND r.day = m.day AND ${within('r', days)} ORDER BY r.track) AS r`)}, 'hex') AS faces`;

export interface MomentColumns {
  moment: string;
  faces: string | null;
}

export function decodeMomentColumns(sessionId: string, { moment, faces }: MomentColumns): Moment[] {
  return decodeMoments(sessionId, [bytesOf(moment), bytesOf(faces)]);
}

/** A query for `ReadBytes`: of all moments of a query of table `m`, ascending, which are of one session, and of those of its readings that `where` lets through. */
export const momentsSql = (query: string, where: string) => `WITH page AS MATERIALIZED (${query})
  SELECT ${recordsSql(MOMENT, 'FROM page AS m')} AS moments,
    ${recordsSql(FACE, `FROM (SELECT * FROM reading AS r WHERE r.seq <= (SELECT max(seq) FROM page) AND ${where} ORDER BY r.seq, r.track) AS r`)} AS faces`;

/** @param cells `BinaryRecords` of moments and of faces, in the order of `seq` @param decode makes a face @returns with such faces */
export function decodeMoments(
  sessionId: string,
  cells: TwoCells,
  decode: (records: BinaryRecords) => FaceReading = decodeFace,
): Moment[] {
  const moments: Moment[] = [];
  const [records, faces] = [new BinaryRecords(cells[0]), new BinaryRecords(cells[1])];
  let seqOfFace = faces.next() ? faces.int() : null;
  while (records.next()) {
    const moment = decodeMoment(sessionId, records);
    while (seqOfFace !== null && seqOfFace <= moment.seq) {
      const face = decode(faces);
      if (seqOfFace === moment.seq) moment.faces.push(face);
      seqOfFace = faces.next() ? faces.int() : null;
    }
    moments.push(moment);
  }
  return moments;
}

/** Without its faces. */
function decodeMoment(sessionId: string, records: BinaryRecords): Moment {
  const seq = records.int();
  const mediaTime = records.double();
  const wallTime = Math.round(records.double() * 1000);
  const drops = { busy: records.int(), worker: records.int(), store: records.int(), source: records.int() };
  const previousDuration = records.double();
  const cut = records.boolean();
  const pass = records.isNull() ? null : records.int();
  const sourceTime = records.isNull() ? null : records.double();
  const loop = pass === null || sourceTime === null ? undefined : { pass, sourceTime };
  const dropped = nonZeroDrops(drops);
  return { sessionId, seq, mediaTime, wallTime, loop, previousDuration, cut, dropped, faces: [] };
}
