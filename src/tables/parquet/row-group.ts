/** The cells of a group of rows, in as much memory as they have bytes; of a small table, little of it is ever touched. */
import type { ColumnType } from '../table.ts';
import { BLOCK_ROWS, type ParquetColumn, type RowBlock } from './parquet-protocol.ts';

/** What the library takes of a column. */
type Cells = Float64Array | unknown[];

export interface RowGroup {
  readonly rows: number;
  /** Those of a block from one row to another. */
  add(block: RowBlock, from: number, to: number): void;
  /** Of a column of FLOAT at this place among all, where they lie; NaN stands for nothing. */
  floatsOf(at: number): Float32Array<ArrayBuffer>;
  /** Of another. Made anew when it is asked for: nobody needs those of all columns at once. */
  cellsOf(at: number): Cells;
  clear(): void;
}

/** @param most rows of a group */
export function createRowGroup(columns: readonly ParquetColumn[], most: number): RowGroup {
  const countOf = (kind: Kind) => columns.filter(({ type }) => kindOf(type) === kind).length;
  const cells = {
    floats: new Float32Array(countOf('floats') * most),
    numbers: new Float64Array(countOf('numbers') * most),
    codes: new Int32Array(countOf('codes') * most),
  };
  const texts = Array.from({ length: countOf('codes') }, (): (string | null)[] => [null]);
  const parts = placesOf(columns);
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    add(block, from, to) {
      if (from === 0) for (const [at, named] of block.texts.entries()) texts[at]!.push(...named);
      for (const { kind, place } of parts) {
        const begin = place * BLOCK_ROWS;
        cells[kind].set(block[kind].subarray(begin + from, begin + to), place * most + rows);
      }
      rows += to - from;
    },
    floatsOf: (at) => cells.floats.subarray(parts[at]!.place * most, parts[at]!.place * most + rows),
    cellsOf(at) {
      const { type, kind, place } = parts[at]!;
      const [begin, end] = [place * most, place * most + rows];
      if (kind === 'codes')
        return Array.from(cells.codes.subarray(begin, end), (code) => texts[place]![code]);
      const own = cells.numbers.subarray(begin, end);
      const changed = CHANGES[type];
      if (changed === undefined && !own.some(Number.isNaN)) return own;
      return Array.from(own, (cell) => (Number.isNaN(cell) ? null : changed ? changed(cell) : cell));
    },
    clear() {
      rows = 0;
    },
  };
}

/** Where each column lies: among which, and the how manieth of them. */
function placesOf(columns: readonly ParquetColumn[]) {
  const made: Record<Kind, number> = { floats: 0, numbers: 0, codes: 0 };
  return columns.map(({ type }) => {
    const kind = kindOf(type);
    return { type, kind, place: made[kind]++ };
  });
}

type Kind = 'floats' | 'numbers' | 'codes';

function kindOf(type: ColumnType): Kind {
  if (type === 'STRING') return 'codes';
  return type === 'FLOAT' ? 'floats' : 'numbers';
}

/** Numbers that stand for something else. */
const CHANGES: Partial<Record<ColumnType, (cell: number) => unknown>> = {
  BOOLEAN: (cell) => cell === 1,
  TIMESTAMP: (cell) => new Date(cell),
};
