/** The columns that `mien analyze` writes: mien's own, or those that the scripts of another tool read. */
import type { FrameSize } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { assFormat } from './ass-rows.ts';
import { openfaceColumns } from './openface-columns.ts';
import type { PicturedRow } from './other-tool-column-helpers.ts';
import { pyfeatColumns } from './pyfeat-columns.ts';
import { assertRowOptions, FORMATS, rowFormat } from './row-format.ts';
import { type CsvOptions, csvTable } from './table.ts';

export const COLUMN_SETS = ['mien', 'openface', 'pyfeat'] as const;
export type ColumnSet = (typeof COLUMN_SETS)[number];

/** `ass`: subtitles that draw what was found over the video. */
export const ANALYSIS_FORMATS = [...FORMATS, 'ass'] as const;
type FormatName = (typeof ANALYSIS_FORMATS)[number];

export interface AnalysisOptions extends CsvOptions {
  columns: ColumnSet;
  /** Undefined: JSON lines of mien's columns, CSV of those of others. */
  format?: FormatName;
}

export interface AnalysisFormat {
  /** What comes before the first row. */
  head: string;
  /** What comes before the first row of an input. @param picture of the source */
  begin?(input: string, picture: FrameSize): string;
  text(row: PicturedRow): string;
}

/** @throws MienError BAD_INPUT when options contradict each other */
export function formatOf({ columns, format, bom }: Omit<AnalysisOptions, 'escapeFormulas'>): FormatName {
  if (columns !== 'mien' && format !== undefined && format !== 'csv') {
    throw new MienError(
      'BAD_INPUT',
      `The columns of ${columns} are read as CSV: leave --format ${format} out, or take --columns mien.`,
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
  if (format === 'ass') return { head: '', ...assFormat() };
  if (options.columns === 'mien') return rowFormat({ ...options, format }, actionUnits);
  const columnsOf = options.columns === 'openface' ? openfaceColumns : pyfeatColumns;
  const { head, text } = csvTable(columnsOf(new Set(actionUnits)), options);
  return { head, text: (row) => text([row]) };
}
