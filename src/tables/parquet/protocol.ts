/** What goes between the server and the thread that writes Parquet. */
import type { Cell, ColumnType } from '../table.ts';

export interface ParquetColumn {
  name: string;
  type: ColumnType;
}

export interface ParquetWorkerData {
  columns: readonly ParquetColumn[];
}

/** Rows column by column, each as long as the others; or the end. */
export type ToParquet = { id: number } & ({ cells: readonly (readonly Cell[])[] } | { end: true });

/** What is written so far of the file. */
export interface FromParquet {
  id: number;
  bytes: Uint8Array<ArrayBuffer>;
}
