/** What goes between the server and the thread that writes Parquet. */
import type { ColumnType } from '../table.ts';

export interface ParquetColumn {
  name: string;
  type: ColumnType;
}

export interface ParquetWorkerData {
  columns: readonly ParquetColumn[];
  /** Of one number: how many chunks were sent that nobody has taken yet. */
  waiting: Int32Array<SharedArrayBuffer>;
}

/** Chunks that wait for whoever reads the file; then the thread rests. */
export const MOST_WAITING = 4;

/** Rows that a block has room for. */
export const BLOCK_ROWS = 500;

/** Rows, column by column in the order of the table's, each with room for `BLOCK_ROWS`. In numbers NaN stands for nothing. */
export interface RowBlock {
  rows: number;
  /** The columns of FLOAT, one behind the other. */
  floats: Float32Array<ArrayBuffer>;
  /** Those of DOUBLE and INT32; of BOOLEAN as 1 and 0; of TIMESTAMP in milliseconds since 1970. */
  numbers: Float64Array<ArrayBuffer>;
  /** Those of STRING: which of the texts of its column that were named so far, in this block or before, from 1; 0: none. */
  codes: Int32Array<ArrayBuffer>;
  /** Of each such column, the texts that it names first. */
  texts: readonly (readonly string[])[];
}

export type ToParquet = { block: RowBlock } | { end: true };

/** A piece of the file; or a block that was read, to be filled again; or that all was written. */
export type FromParquet = { chunk: Uint8Array<ArrayBuffer> } | { block: RowBlock } | { end: true };
