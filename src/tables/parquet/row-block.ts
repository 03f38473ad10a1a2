/** Rows as blocks of numbers and texts, which go to another thread without being copied value by value. */
import type { Cell, Column } from '../table.ts';
import type { RowBlock } from './protocol.ts';

export function rowBlocks<Row>(columns: readonly Column<Row>[]): (rows: readonly Row[]) => RowBlock {
  const floats = columns.filter(({ type }) => type === 'FLOAT');
  const texts = columns.filter(({ type }) => type === 'STRING');
  const numbers = columns.filter((column) => !floats.includes(column) && !texts.includes(column));
  return (rows) => ({
    rows: rows.length,
    floats: fill(new Float32Array(floats.length * rows.length), floats, rows),
    numbers: fill(new Float64Array(numbers.length * rows.length), numbers, rows),
    texts: texts.map(({ value }) => rows.map((row) => value(row) as string | null)),
  });
}

function fill<Row, Numbers extends Float32Array | Float64Array>(
  cells: Numbers,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Numbers {
  let at = 0;
  for (const { value } of columns) for (const row of rows) cells[at++] = numberOf(value(row));
  return cells;
}

/** Of times, which are texts as RFC 3339 has them, milliseconds. */
function numberOf(cell: Cell): number {
  if (typeof cell === 'number') return cell;
  if (cell === null) return Number.NaN;
  return typeof cell === 'boolean' ? Number(cell) : Date.parse(cell);
}
