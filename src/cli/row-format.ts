/** How `mien analyze` writes a face in a frame: as a line of JSON, or as a row of a table. */
import { stringify } from 'csv-stringify/sync';
import { EXPRESSIONS, type FaceReading } from '../domain/face.ts';
import type { Moment } from '../domain/moment.ts';

export const FORMATS = ['jsonl', 'csv'] as const;

const LANDMARKS = 68;

/** `FaceReading` under its GraphQL names, with lists that a data frame reads. */
export interface Row {
  input: string;
  seq: number;
  mediaTime: number;
  track: number;
  box: [x: number, y: number, width: number, height: number];
  expression: FaceReading['expression'];
  confidence: number;
  probabilities: Record<string, number>;
  rawProbabilities: Record<string, number>;
  agreement: number;
  valence: number;
  arousal: number;
  pose: FaceReading['pose'];
  actionUnits: Record<string, number>;
  landmarks: [x: number, y: number][];
  quality: FaceReading['quality'];
}

export interface RowFormat {
  /** What comes before the first row. */
  head: string;
  text(row: Row): string;
}

/** A row for each face of a moment. @param actionUnits names of the action units, in the model's order */
export function rowsOf(
  input: string,
  { seq, mediaTime, faces }: Moment,
  actionUnits: readonly string[],
): Row[] {
  return faces.map((face) => ({
    input,
    seq,
    mediaTime,
    track: face.track,
    box: [face.box.x, face.box.y, face.box.width, face.box.height],
    expression: face.expression,
    confidence: face.confidence,
    probabilities: byName(EXPRESSIONS, face.probabilities),
    rawProbabilities: byName(EXPRESSIONS, face.rawProbabilities),
    agreement: face.agreement,
    valence: face.valence,
    arousal: face.arousal,
    pose: face.pose,
    actionUnits: byName(actionUnits, face.actionUnits),
    landmarks: face.landmarks.map(({ x, y }) => [x, y]),
    quality: face.quality,
  }));
}

export const jsonLines: RowFormat = { head: '', text: (row) => `${JSON.stringify(row)}\n` };

/** Nested names are joined by dots: `box.x`, `probabilities.HAPPINESS`, `landmarks.0.x`. */
export function csvRows(actionUnits: readonly string[]): RowFormat {
  const columns = columnsOf(actionUnits);
  return {
    head: stringify([columns.map(([name]) => name)]),
    text: (row) => stringify([columns.map(([, value]) => value(row))]),
  };
}

type Column = [name: string, value: (row: Row) => string | number | null];

function columnsOf(actionUnits: readonly string[]): Column[] {
  const each = <T extends string>(
    names: readonly T[],
    value: (row: Row, name: T) => number | undefined,
    prefix: string,
  ) => names.map((name): Column => [`${prefix}.${name}`, (row) => value(row, name) ?? null]);
  const sides = ['x', 'y', 'width', 'height'] as const;
  return [
    ['input', (row) => row.input],
    ['seq', (row) => row.seq],
    ['mediaTime', (row) => row.mediaTime],
    ['track', (row) => row.track],
    ...sides.map((side, index): Column => [`box.${side}`, (row) => row.box[index] ?? null]),
    ['expression', (row) => row.expression],
    ['confidence', (row) => row.confidence],
    ...each(EXPRESSIONS, (row, name) => row.probabilities[name], 'probabilities'),
    ...each(EXPRESSIONS, (row, name) => row.rawProbabilities[name], 'rawProbabilities'),
    ['agreement', (row) => row.agreement],
    ['valence', (row) => row.valence],
    ['arousal', (row) => row.arousal],
    ...each(['yaw', 'pitch', 'roll'] as const, (row, name) => row.pose[name], 'pose'),
    ...each(actionUnits, (row, name) => row.actionUnits[name], 'actionUnits'),
    ['quality.score', (row) => row.quality.score],
    ['quality.issues', (row) => row.quality.issues.join('|')],
    ...Array.from({ length: LANDMARKS }, (_, index) => landmark(index)).flat(),
  ];
}

function landmark(index: number): Column[] {
  return [
    [`landmarks.${index}.x`, (row) => row.landmarks[index]?.[0] ?? null],
    [`landmarks.${index}.y`, (row) => row.landmarks[index]?.[1] ?? null],
  ];
}

function byName(names: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, index) => [names[index] ?? String(index), value]));
}
