/** Writes Parquet in a thread of its own: encoding a group of rows takes a second or two, in which nothing else could be served. */
import { parentPort, workerData } from 'node:worker_threads';
import { ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { ChunkWriter } from './chunk-writer.ts';
import { type ColumnChunk, writeFloatColumn } from './float-column.ts';
import {
  type FromParquet,
  MOST_WAITING,
  type ParquetColumn,
  type ParquetWorkerData,
  type RowBlock,
  type ToParquet,
} from './parquet-protocol.ts';
import { createRowGroup } from './row-group.ts';

/** Of a group: readers skip whole groups by their statistics, and memory holds one. */
const GROUP_ROWS = 100_000;

/** Readers that go by the newer of both words know a time without it as one of no zone. */
const INSTANT = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } as const;

const { columns, waiting } = workerData as ParquetWorkerData;
const bytes = new ChunkWriter((chunk) => {
  Atomics.add(waiting, 0, 1);
  answer({ chunk }, [chunk.buffer]);
  while (Atomics.load(waiting, 0) >= MOST_WAITING) Atomics.wait(waiting, 0, MOST_WAITING);
});
const parquet = new ParquetWriter({
  writer: bytes,
  schema: schemaFromColumnData({ columnData: columns.map((column) => ({ ...column, data: [] })) }).map(
    (element) =>
      element.converted_type === 'TIMESTAMP_MILLIS' ? { ...element, logical_type: INSTANT } : element,
  ),
  createdBy: 'mien',
});
const group = createRowGroup(columns, GROUP_ROWS);
/** Of the groups that were written. */
let rows = 0;

parentPort?.on('message', (message: ToParquet) => {
  if ('block' in message) {
    const { block } = message;
    add(block);
    answer({ block: { ...block, texts: [] } }, [
      block.floats.buffer,
      block.numbers.buffer,
      block.codes.buffer,
    ]);
    return;
  }
  writeGroup();
  parquet.num_rows = BigInt(rows);
  // Nothing is waited for here: chunks are, where they are sent.
  void parquet.finish();
  bytes.sendRest();
  answer({ end: true }, []);
});

function answer(message: FromParquet, moved: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, moved);
}

function add(block: RowBlock): void {
  for (let from = 0; from < block.rows; ) {
    const to = Math.min(block.rows, from + GROUP_ROWS - group.rows);
    group.add(block, from, to);
    if (group.rows === GROUP_ROWS) writeGroup();
    from = to;
  }
}

function writeGroup(): void {
  if (group.rows === 0) return;
  const begin = bytes.offset;
  const chunks = columns.map((column, at) =>
    column.type === 'FLOAT'
      ? writeFloatColumn(bytes, column.name, group.floatsOf(at))
      : writeColumn(column, at),
  );
  parquet.row_groups.push({
    columns: chunks,
    num_rows: BigInt(group.rows),
    total_byte_size: chunks.reduce((sum, chunk) => sum + chunk.meta_data!.total_uncompressed_size, 0n),
    total_compressed_size: BigInt(bytes.offset - begin),
  });
  rows += group.rows;
  group.clear();
}

/** By the library, which takes it for a group of its own. */
function writeColumn({ name }: ParquetColumn, at: number): ColumnChunk {
  // Of a group each column is a page of at most a megabyte: where to cut it needs not be looked for.
  void parquet.write({
    columnData: [{ name, data: group.cellsOf(at) }],
    ...{ rowGroupSize: GROUP_ROWS, pageSize: 0 },
  });
  return parquet.row_groups.pop()!.columns[0]!;
}
