/** What goes between the server and the thread that writes Parquet. */
import type { ColumnType } from '../table.ts';

export interface ParquetColumn {
  name: string;
  type: ColumnType;
}

export interface ParquetWorkerData {
  columns: readonly ParquetColumn[];
}

/** Rows, column by column in the order of the table's. In numbers NaN stands for nothing. */
export interface RowBlock {
  rows: number;
  /** The columns of FLOAT, one behind the other. */
  floats: Float32Array<ArrayBuffer>;
  /** Those of DOUBLE and INT32; of BOOLEAN as 1 and 0; of TIMESTAMP in milliseconds since 1970. */
  numbers: Float64Array<ArrayBuffer>;
  /** Those of STRING. */
  texts: readonly (readonly (string | null)[])[];
}

export type ToParquet = { id: number } & ({ block: RowBlock } | { end: true });

/** What was written of the file since the last answer; mostly nothing, until a group is whole. */
export interface FromParquet {
  id: number;
  chunks: readonly Uint8Array<ArrayBuffer>[];
}
