/** The columns that `mien analyze` writes: mien's own, or those that the scripts of another tool read. */
import { MienError } from '../errors.ts';
import type { PicturedRow } from './foreign-columns.ts';
import { openfaceColumns } from './openface-columns.ts';
import { pyfeatColumns } from './pyfeat-columns.ts';
import { assertRowOptions, type RowOptions, rowFormat } from './row-format.ts';
import { type CsvOptions, csvTable } from './table.ts';

export const COLUMN_SETS = ['mien', 'openface', 'pyfeat'] as const;
export type ColumnSet = (typeof COLUMN_SETS)[number];

export interface AnalysisOptions extends CsvOptions {
  columns: ColumnSet;
  /** Undefined: JSON lines of mien's columns, CSV of those of others. */
  format?: RowOptions['format'];
}

export interface AnalysisFormat {
  /** What comes before the first row. */
  head: string;
  text(row: PicturedRow): string;
}

/** @throws MienError BAD_INPUT when options contradict each other */
export function formatOf({
  columns,
  format,
  bom,
}: Omit<AnalysisOptions, 'escapeFormulas'>): RowOptions['format'] {
  if (columns !== 'mien' && format === 'jsonl') {
    throw new MienError(
      'BAD_INPUT',
      `The columns of ${columns} are read as CSV: leave --format jsonl out, or take --columns mien.`,
    );
  }
  const chosen = format ?? (columns === 'mien' ? 'jsonl' : 'csv');
  assertRowOptions({ format: chosen, bom });
  return chosen;
}

/**
 * @param actionUnits names of the action units that the model tells, in its order
 * @throws MienError BAD_INPUT when options contradict each other
 */
export function analysisFormat(options: AnalysisOptions, actionUnits: readonly string[]): AnalysisFormat {
  const format = formatOf(options);
  if (options.columns === 'mien') return rowFormat({ ...options, format }, actionUnits);
  const columnsOf = options.columns === 'openface' ? openfaceColumns : pyfeatColumns;
  const { head, text } = csvTable(columnsOf(new Set(actionUnits)), options);
  return { head, text: (row) => text([row]) };
}
