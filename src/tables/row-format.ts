/** How `mien analyze` writes a row: as a line of JSON, or as a row of a table. */
import { EXPRESSIONS, type FaceReading, type StoredReading } from '../domain/face.ts';
import { LANDMARK } from '../domain/quantise.ts';
import { MienError } from '../errors.ts';
import { type FaceColumns, type FrameColumns, NO_FACE, type Row } from './rows.ts';
import { type Column, type ColumnType, type CsvOptions, csvTable } from './table.ts';

export const FORMATS = ['jsonl', 'csv'] as const;

const LANDMARKS = 68;

export interface RowFormat {
  /** What comes before the first row. */
  head: string;
  text(row: Row): string;
}

export interface RowOptions extends CsvOptions {
  format: (typeof FORMATS)[number];
}

/** @throws MienError BAD_INPUT when an option is not one of this format */
export function assertRowOptions({ format, bom }: Pick<RowOptions, 'format' | 'bom'>): void {
  if (format === 'csv' || !bom) return;
  throw new MienError(
    'BAD_INPUT',
    'A byte order mark is for CSV only: leave --bom out, or add --format csv.',
  );
}

/** @param actionUnits names of the action units, in the model's order */
export function rowFormat(options: RowOptions, actionUnits: readonly string[]): RowFormat {
  return options.format === 'csv' ? csvRows(options, actionUnits) : jsonLines;
}

/** A row as an object, with lists that a data frame reads. */
export function readingLine({ frame, face }: Row): FrameColumns & Record<keyof FaceColumns, unknown> {
  return { ...frame, ...(face ?? NO_FACE) };
}

const jsonLines: RowFormat = {
  head: '',
  text: (row) => `${JSON.stringify(readingLine(row))}\n`,
};

function csvRows(options: CsvOptions, actionUnits: readonly string[]): RowFormat {
  const { head, text } = csvTable(readingColumns(actionUnits), options);
  return { head, text: (row) => text([row]) };
}

/** Nested names are joined by dots: `box.x`, `probabilities.HAPPINESS`, `landmarks.0.x`. */
export function readingColumns(actionUnits: readonly string[]): Column<Row>[] {
  return [
    ...Object.entries(FRAME_COLUMNS).map(
      ([name, type]): Column<Row> => ({
        name,
        type,
        value: ({ frame }) => frame[name as keyof FrameColumns],
      }),
    ),
    ...faceCells(actionUnits).map(
      ([name, value, type = 'FLOAT']): Column<Row> => ({
        name,
        type,
        value: (row) => (row.reading === null ? null : (value(row.reading, row) ?? null)),
      }),
    ),
  ];
}

const FRAME_COLUMNS: Readonly<Record<keyof FrameColumns, ColumnType>> = {
  input: 'STRING',
  seq: 'INT32',
  mediaTime: 'DOUBLE',
  duration: 'DOUBLE',
  cut: 'BOOLEAN',
  frameWidth: 'INT32',
  frameHeight: 'INT32',
  faces: 'INT32',
};

/** Straight from the reading: a table of a million faces has two hundred million of these cells. */
type FaceCell = [
  name: string,
  value: (face: FaceReading | StoredReading, row: Row) => string | number | null | undefined,
  type?: ColumnType,
];

function faceCells(actionUnits: readonly string[]): FaceCell[] {
  const each = (
    names: readonly string[],
    list: (face: FaceReading) => readonly number[],
    prefix: string,
  ): FaceCell[] => names.map((name, at) => [`${prefix}.${name}`, (face) => list(face)[at]]);
  return [
    ['track', (face) => face.track, 'INT32'],
    ...(['x', 'y', 'width', 'height'] as const).map(
      (side): FaceCell => [`box.${side}`, ({ box }) => box[side]],
    ),
    ['expression', (face) => face.expression, 'STRING'],
    ['confidence', (face) => face.confidence],
    ...each(EXPRESSIONS, (face) => face.probabilities, 'probabilities'),
    ...each(EXPRESSIONS, (face) => face.rawProbabilities, 'rawProbabilities'),
    ['agreement', (face) => face.agreement],
    ['valence', (face) => face.valence],
    ['arousal', (face) => face.arousal],
    ...(['yaw', 'pitch', 'roll'] as const).map(
      (angle): FaceCell => [`pose.${angle}`, ({ pose }) => pose[angle]],
    ),
    ...actionUnits.map((name, at): FaceCell => [`actionUnits.${name}`, actionUnit(actionUnits, name, at)]),
    ['quality.score', (face) => face.quality.score],
    ['quality.issues', (face) => face.quality.issues.join('|'), 'STRING'],
    ...Array.from({ length: LANDMARKS }, (_, index) => landmark(index)).flat(),
  ];
}

/** Another model than the table's has its action units in another order, or lacks some. */
function actionUnit(actionUnits: readonly string[], name: string, at: number): FaceCell[1] {
  return (face, row) =>
    face.actionUnits[row.actionUnits === actionUnits ? at : row.actionUnits.indexOf(name)];
}

function landmark(index: number): FaceCell[] {
  return [
    [`landmarks.${index}.x`, (face) => packed(face, 4 * index) ?? face.landmarks[index]?.x],
    [`landmarks.${index}.y`, (face) => packed(face, 4 * index + 2) ?? face.landmarks[index]?.y],
  ];
}

/** From the bytes as they are stored; undefined: it is not packed. */
function packed(face: FaceReading | StoredReading, at: number): number | undefined {
  if (!('packedLandmarks' in face)) return undefined;
  return at < face.packedLandmarks.length ? face.packedLandmarks.readInt16LE(at) / LANDMARK : undefined;
}
