/** Rows as blocks of numbers, which go to another thread without being copied, and come back to be filled again. */
import type { Cell, Column, FloatsOf } from '../table.ts';
import { BLOCK_ROWS, type RowBlock } from './parquet-protocol.ts';

export interface RowBlocks<Row> {
  /** @param rows as many as `BLOCK_ROWS` */
  fill(rows: readonly Row[]): RowBlock;
  /** Takes one back that was read. */
  reuse(block: RowBlock): void;
}

/** @param floatsOf default: as the columns tell them */
export function rowBlocks<Row>(columns: readonly Column<Row>[], floatsOf?: FloatsOf<Row>): RowBlocks<Row> {
  const floats = columns.filter(({ type }) => type === 'FLOAT');
  const texts = columns.filter(({ type }) => type === 'STRING');
  const numbers = columns.filter((column) => !floats.includes(column) && !texts.includes(column));
  const known = texts.map(() => new Map<string, number>());
  const free: RowBlock[] = [];
  const made = (): RowBlock => ({
    rows: 0,
    floats: new Float32Array(floats.length * BLOCK_ROWS),
    numbers: new Float64Array(numbers.length * BLOCK_ROWS),
    codes: new Int32Array(texts.length * BLOCK_ROWS),
    texts: [],
  });
  return {
    fill(rows) {
      const block = free.pop() ?? made();
      if (floatsOf === undefined) fillNumbers(block.floats, floats, rows);
      else fillFloats(block.floats, rows, floatsOf);
      fillNumbers(block.numbers, numbers, rows);
      block.rows = rows.length;
      block.texts = texts.map(({ value }, at) => {
        const codes = block.codes.subarray(at * BLOCK_ROWS);
        return fillCodes(codes, known[at]!, rows, (row) => value(row) as string | null);
      });
      return block;
    },
    reuse: (block) => free.push(block),
  };
}

function fillNumbers<Row>(
  cells: Float32Array | Float64Array,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  for (const [place, { value }] of columns.entries()) {
    let at = place * BLOCK_ROWS;
    for (const row of rows) cells[at++] = numberOf(value(row));
  }
}

function fillFloats<Row>(cells: Float32Array, rows: readonly Row[], floatsOf: FloatsOf<Row>): void {
  for (const [at, row] of rows.entries()) {
    const floats = floatsOf(row);
    for (let place = 0; place < floats.length; place++) cells[place * BLOCK_ROWS + at] = floats[place]!;
  }
}

const NO_TEXT = 0;

/** @returns the texts that were not known before */
function fillCodes<Row>(
  codes: Int32Array,
  known: Map<string, number>,
  rows: readonly Row[],
  textOf: (row: Row) => string | null,
): string[] {
  const named: string[] = [];
  for (const [at, row] of rows.entries()) {
    const text = textOf(row);
    let code = text === null ? NO_TEXT : known.get(text);
    if (code === undefined) {
      code = known.size + 1;
      known.set(text!, code);
      named.push(text!);
    }
    codes[at] = code;
  }
  return named;
}

/** Of times, which are texts as RFC 3339 has them, milliseconds. */
function numberOf(cell: Cell): number {
  if (typeof cell === 'number') return cell;
  if (cell === null) return Number.NaN;
  return typeof cell === 'boolean' ? Number(cell) : Date.parse(cell);
}
