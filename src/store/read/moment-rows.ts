/** Moments as they are read: columns, and what becomes of them. */
import { type FaceReading, type Point, QUALITY_ISSUES, type StoredReading } from '../../domain/face.ts';
import { nonZeroDrops } from '../../domain/frame.ts';
import type { Moment } from '../../domain/moment.ts';
import { LANDMARK } from '../../domain/quantise.ts';
import { isoDate } from '../sql/days.ts';
import { EXPRESSION_ENUM, expressionOf } from '../sql/expressions.ts';
import type { Days } from './narrow-days.ts';

/** Days stand in the text, not in a parameter, so that the planner never looks at other days' partitions. */
export function within(table: string, { first, last }: Days): string {
  return `${table}.day BETWEEN '${isoDate(first)}' AND '${isoDate(last)}'`;
}

const LISTS = ['probabilities', 'raw_probabilities', 'action_units'];
const listJson = (column: string) => `'[' || array_to_string(${column}, ',') || ']'`;

/** Of table `m`. */
export const MOMENT_COLUMNS = `m.seq, m.media_time, extract(epoch FROM m.wall_time)::float8 AS wall_time,
    m.dropped_busy, m.dropped_worker, m.dropped_store, m.dropped_source, m.previous_duration, m.cut, m.loop_index, m.source_time`;

/** The columns of a face are joined to JSON by hand: PostgreSQL's functions for it take half as long again. */
export const FACES = (
  days: Days,
) => `(SELECT string_agg(concat_ws(',', track, coalesce(array_position(${EXPRESSION_ENUM}, expression), 0),
        x, y, width, height, confidence, agreement, valence, arousal, yaw, pitch, roll, quality, issues,
        ${LISTS.map(listJson)}, '"' || encode(landmarks, 'hex') || '"'), '],[' ORDER BY track)
      FROM reading AS r WHERE r.session_id = m.session_id AND r.seq = m.seq AND r.day = m.day AND ${within('r', days)}) AS faces`;

export interface MomentRow {
  seq: number;
  media_time: number;
  /** Seconds since the epoch. */
  wall_time: number;
  dropped_busy: number;
  dropped_worker: number;
  dropped_store: number;
  dropped_source: number;
  previous_duration: number;
  cut: boolean;
  /** Null: it is not looped. */
  loop_index: number | null;
  source_time: number | null;
  /** FaceRow as JSON, without the brackets around the first and the last; null where there is no face. */
  faces: string | null;
}

/** A face's columns in the order of `FACES`. */
type FaceRow = [
  ...[track: number, expression: number, x: number, y: number, width: number, height: number],
  ...[confidence: number, agreement: number, valence: number, arousal: number],
  ...[yaw: number, pitch: number, roll: number, quality: number, issues: number],
  ...[probabilities: number[], rawProbabilities: number[], actionUnits: number[], landmarks: string],
];

/** @param decodeFace @returns with such faces */
export function decodeMoment(
  sessionId: string,
  row: MomentRow,
  decode: (row: FaceRow) => FaceReading = decodeFace,
): Moment {
  const { dropped_busy: busy, dropped_worker: worker, dropped_store: store, dropped_source: source } = row;
  return {
    sessionId,
    seq: row.seq,
    mediaTime: row.media_time,
    wallTime: Math.round(row.wall_time * 1000),
    loop: loopOf(row),
    previousDuration: row.previous_duration,
    cut: row.cut,
    dropped: nonZeroDrops({ busy, worker, store, source }),
    faces: row.faces === null ? [] : (JSON.parse(`[[${row.faces}]]`) as FaceRow[]).map(decode),
  };
}

function loopOf({ loop_index: pass, source_time: sourceTime }: MomentRow): Moment['loop'] {
  return pass === null || sourceTime === null ? undefined : { pass, sourceTime };
}

function decodeFace(row: FaceRow): FaceReading {
  return faceOf(row, unpackLandmarks(Buffer.from(row[18], 'hex')));
}

export function decodeStoredFace(row: FaceRow): StoredReading {
  return new StoredFace(faceOf(row, []), Buffer.from(row[18], 'hex'));
}

class StoredFace implements StoredReading {
  readonly track: number;
  readonly box: FaceReading['box'];
  readonly expression: FaceReading['expression'];
  readonly confidence: number;
  readonly probabilities: number[];
  readonly rawProbabilities: number[];
  readonly agreement: number;
  readonly valence: number;
  readonly arousal: number;
  readonly pose: FaceReading['pose'];
  readonly actionUnits: number[];
  readonly quality: FaceReading['quality'];
  readonly packedLandmarks: Buffer;

  constructor(face: FaceReading, packedLandmarks: Buffer) {
    this.track = face.track;
    this.box = face.box;
    this.expression = face.expression;
    this.confidence = face.confidence;
    this.probabilities = face.probabilities;
    this.rawProbabilities = face.rawProbabilities;
    this.agreement = face.agreement;
    this.valence = face.valence;
    this.arousal = face.arousal;
    this.pose = face.pose;
    this.actionUnits = face.actionUnits;
    this.quality = face.quality;
    this.packedLandmarks = packedLandmarks;
  }

  get landmarks(): Point[] {
    return unpackLandmarks(this.packedLandmarks);
  }
}

function faceOf(row: FaceRow, landmarks: Point[]): FaceReading {
  const [track, expression, x, y, width, height, confidence, agreement, valence, arousal, yaw, pitch, roll] =
    row;
  const [, , , , , , , , , , , , , score, issues, probabilities, rawProbabilities, actionUnits] = row;
  return {
    track,
    box: { x, y, width, height },
    expression: expressionOf(expression),
    confidence,
    probabilities,
    rawProbabilities,
    agreement,
    valence,
    arousal,
    pose: { yaw, pitch, roll },
    actionUnits,
    landmarks,
    quality: { score, issues: QUALITY_ISSUES.filter((_, bit) => issues & (1 << bit)) },
  };
}

function unpackLandmarks(bytes: Buffer): Point[] {
  const landmarks: Point[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    landmarks.push({ x: bytes.readInt16LE(at) / LANDMARK, y: bytes.readInt16LE(at + 2) / LANDMARK });
  }
  return landmarks;
}
