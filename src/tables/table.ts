/** Tables as text: their columns say what stands in a row, and a format how it is written. */
import { stringify } from 'csv-stringify/sync';

export type Cell = string | number | boolean | null;

/** What stands in a column: 64-bit and 32-bit floating point, 32-bit whole numbers, text, yes or no, times as RFC 3339 has them. */
export type ColumnType = 'DOUBLE' | 'FLOAT' | 'INT32' | 'STRING' | 'BOOLEAN' | 'TIMESTAMP';

export interface Column<Row> {
  /** Of a group of columns with dots: `seconds.HAPPINESS`. */
  name: string;
  type: ColumnType;
  /** Where it stands in a line of JSON; default: its name, taken apart at its dots. */
  path?: readonly string[];
  value(row: Row): Cell;
}

/** Of a row the cells of all columns of FLOAT, in their order; NaN stands for nothing. The next call fills the same list. */
export type FloatsOf<Row> = (row: Row) => Float64Array;

export const TABLE_FORMATS = ['csv', 'jsonl', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export interface CsvOptions {
  /** A byte order mark before all else, by which spreadsheets know UTF-8. */
  bom: boolean;
  /** Text that a spreadsheet would take for a formula gets an apostrophe before it. */
  escapeFormulas: boolean;
}

/** How the rows of one table are written. */
export interface TableText<Row> {
  /** What comes before the first row. */
  head: string;
  text(rows: readonly Row[]): string;
}

/** As RFC 4180 has it, with a line of names first. @param floatsOf default: as the columns tell them */
export function csvTable<Row>(
  columns: readonly Column<Row>[],
  { bom, escapeFormulas }: CsvOptions,
  floatsOf?: FloatsOf<Row>,
): TableText<Row> {
  const cellsOf = (row: Row) => {
    const floats = floatsOf?.(row);
    let float = 0;
    return columns.map(({ type, value }) =>
      floats !== undefined && type === 'FLOAT' ? orNothing(floats[float++]!) : cellOf(value(row)),
    );
  };
  return {
    head: stringify([columns.map(({ name }) => name)], { bom }),
    text: (rows) => stringify(rows.map(cellsOf), { escape_formulas: escapeFormulas }),
  };
}

/** A line of JSON a row; what has dots in its name stands in an object. */
export function jsonLinesTable<Row>(columns: readonly Column<Row>[]): TableText<Row> {
  const objectOf = rowObjects(columns);
  return { head: '', text: (rows) => rows.map((row) => `${JSON.stringify(objectOf(row))}\n`).join('') };
}

/** A row as an object, in which what has dots in its name stands in objects. */
export function rowObjects<Row>(columns: readonly Column<Row>[]): (row: Row) => object {
  const places = columns.map(({ name, path = name.split('.'), value }) => ({ path, value }));
  return (row) => {
    const object: Nested = {};
    for (const { path, value } of places) put(object, path, value(row));
    return object;
  };
}

interface Nested {
  [key: string]: Cell | Nested;
}

function put(line: Nested, [key = '', ...rest]: readonly string[], cell: Cell): void {
  if (rest.length === 0) line[key] = cell;
  else {
    const inner = (line[key] as Nested | undefined) ?? {};
    line[key] = inner;
    put(inner, rest, cell);
  }
}

function orNothing(float: number): number | null {
  return Number.isNaN(float) ? null : float;
}

function cellOf(cell: Cell): string | number | null {
  return typeof cell === 'boolean' ? String(cell) : cell;
}
