/** How `mien analyze` writes a row: as a line of JSON, or as a row of a table. */
import { EXPRESSIONS } from '../domain/face.ts';
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
        value: ({ face }) => (face === null ? null : value(face)),
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

type FaceCell = [name: string, value: (face: FaceColumns) => string | number | null, type?: ColumnType];

function faceCells(actionUnits: readonly string[]): FaceCell[] {
  const each = <T extends string>(
    names: readonly T[],
    value: (face: FaceColumns, name: T) => number | undefined,
    prefix: string,
  ) => names.map((name): FaceCell => [`${prefix}.${name}`, (face) => value(face, name) ?? null]);
  const sides = ['x', 'y', 'width', 'height'] as const;
  return [
    ['track', (face) => face.track, 'INT32'],
    ...sides.map((side, index): FaceCell => [`box.${side}`, (face) => face.box[index] ?? null]),
    ['expression', (face) => face.expression, 'STRING'],
    ['confidence', (face) => face.confidence],
    ...each(EXPRESSIONS, (face, name) => face.probabilities[name], 'probabilities'),
    ...each(EXPRESSIONS, (face, name) => face.rawProbabilities[name], 'rawProbabilities'),
    ['agreement', (face) => face.agreement],
    ['valence', (face) => face.valence],
    ['arousal', (face) => face.arousal],
    ...each(['yaw', 'pitch', 'roll'] as const, (face, name) => face.pose[name], 'pose'),
    ...each(actionUnits, (face, name) => face.actionUnits[name], 'actionUnits'),
    ['quality.score', (face) => face.quality.score],
    ['quality.issues', (face) => face.quality.issues.join('|'), 'STRING'],
    ...Array.from({ length: LANDMARKS }, (_, index) => landmark(index)).flat(),
  ];
}

function landmark(index: number): FaceCell[] {
  return [
    [`landmarks.${index}.x`, (face) => face.landmarks[index]?.[0] ?? null],
    [`landmarks.${index}.y`, (face) => face.landmarks[index]?.[1] ?? null],
  ];
}
