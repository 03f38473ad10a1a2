/** The cells of a group of rows, in little more memory than they have bytes. */
import type { ColumnType } from '../table.ts';
import type { ParquetColumn, RowBlock } from './protocol.ts';

/** What the library takes of a column. */
type Cells = Float32Array | Float64Array | readonly unknown[];

export interface GroupColumns {
  readonly rows: number;
  /** Those of a block from one row to another. */
  add(block: RowBlock, from: number, to: number): void;
  /** Of the column at this place among all. Made anew when it is asked for: nobody needs those of all columns at once. */
  cellsOf(at: number): Cells;
  clear(): void;
}

/** @param most rows of a group */
export function createGroupColumns(columns: readonly ParquetColumn[], most: number): GroupColumns {
  const floats = { made: 0, take: ({ floats }: RowBlock) => floats };
  const numbers = { made: 0, take: ({ numbers }: RowBlock) => numbers };
  let texts = 0;
  const parts = columns.map(({ type }) => {
    if (type === 'STRING') return new Texts(texts++);
    const { made, take } = type === 'FLOAT' ? floats : numbers;
    if (type === 'FLOAT') floats.made += 1;
    else numbers.made += 1;
    return new Numbers(type, made, take, most);
  });
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    add(block, from, to) {
      for (const part of parts) part.add(block, from, to);
      rows += to - from;
    },
    cellsOf: (at) => parts[at]!.cells(),
    clear() {
      for (const part of parts) part.clear();
      rows = 0;
    },
  };
}

class Numbers {
  readonly #type: ColumnType;
  /** Its place among those of its kind in a block. */
  readonly #place: number;
  readonly #take: (block: RowBlock) => Float32Array | Float64Array;
  readonly #most: number;
  #cells: Float32Array | Float64Array;
  #length = 0;

  constructor(
    type: ColumnType,
    place: number,
    take: (block: RowBlock) => Float32Array | Float64Array,
    most: number,
  ) {
    this.#type = type;
    this.#place = place;
    this.#take = take;
    this.#most = most;
    this.#cells = this.#made(0);
  }

  add(block: RowBlock, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#cells.length) {
      const larger = this.#made(Math.min(this.#most, Math.max(length, this.#cells.length * 2)));
      larger.set(this.#cells.subarray(0, this.#length));
      this.#cells = larger;
    }
    const begin = this.#place * block.rows;
    this.#cells.set(this.#take(block).subarray(begin + from, begin + to), this.#length);
    this.#length = length;
  }

  cells(): Cells {
    const cells = this.#cells.subarray(0, this.#length);
    const change = CHANGES[this.#type];
    if (change !== undefined) return Array.from(cells, (cell) => (Number.isNaN(cell) ? null : change(cell)));
    return cells.some(Number.isNaN) ? Array.from(cells, (cell) => (Number.isNaN(cell) ? null : cell)) : cells;
  }

  clear(): void {
    this.#length = 0;
  }

  #made(length: number): Float32Array | Float64Array {
    return this.#type === 'FLOAT' ? new Float32Array(length) : new Float64Array(length);
  }
}

/** Numbers that stand for something else. */
const CHANGES: Partial<Record<ColumnType, (cell: number) => unknown>> = {
  BOOLEAN: (cell) => cell === 1,
  TIMESTAMP: (cell) => new Date(cell),
};

class Texts {
  readonly #place: number;
  #cells: (string | null)[] = [];
  /** One of each: every block has its own copies. */
  #known = new Map<string, string>();

  constructor(place: number) {
    this.#place = place;
  }

  add(block: RowBlock, from: number, to: number): void {
    const cells = block.texts[this.#place]!;
    for (let at = from; at < to; at++) {
      const cell = cells[at] ?? null;
      const known = cell === null ? null : (this.#known.get(cell) ?? cell);
      if (known !== null) this.#known.set(known, known);
      this.#cells.push(known);
    }
  }

  cells(): Cells {
    return this.#cells;
  }

  clear(): void {
    this.#cells = [];
    this.#known = new Map();
  }
}
