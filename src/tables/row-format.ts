/** How `mien analyze` writes a row: as a line of JSON, or as a row of a table. */
import { MienError } from '../errors.ts';
import { readingTable } from './reading-table.ts';
import { type FaceColumns, type FrameColumns, NO_FACE, type Row } from './rows.ts';
import { type CsvOptions, csvTable } from './table.ts';

export const FORMATS = ['jsonl', 'csv'] as const;

export interface RowFormat {
  /** What comes before the first row. */
  head: string;
  text(row: Row): string;
}

export interface RowOptions extends CsvOptions {
  format: (typeof FORMATS)[number];
}

/** @throws MienError BAD_INPUT when an option is not one of this format */
export function assertRowOptions({ format, bom }: { format: string; bom: boolean }): void {
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
  const { columns, floatsOf } = readingTable(actionUnits);
  const { head, text } = csvTable(columns, options, floatsOf);
  return { head, text: (row) => text([row]) };
}
