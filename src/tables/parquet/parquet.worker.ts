/** Writes Parquet in a thread of its own: encoding a group of rows takes a second or two, in which nothing else could be served. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { ChunkWriter } from './chunk-writer.ts';
import { createGroupColumns } from './group-columns.ts';
import type { FromParquet, ParquetColumn, ParquetWorkerData, RowBlock, ToParquet } from './protocol.ts';

/** Of a group: readers skip whole groups by their statistics, and memory holds one. */
const GROUP_ROWS = 100_000;

const { columns } = workerData as ParquetWorkerData;
const bytes = new ChunkWriter();
const parquet = new ParquetWriter({
  writer: bytes,
  schema: schemaFromColumnData({ columnData: columns.map((column) => ({ ...column, data: [] })) }),
  createdBy: 'mien',
});
const group = createGroupColumns(columns, GROUP_ROWS);

parentPort?.on('message', (message: ToParquet) => {
  if ('block' in message) add(message.block);
  else {
    writeGroup();
    // Nothing waits: what it writes to is memory.
    void parquet.finish();
  }
  const answer: FromParquet = { id: message.id, chunks: bytes.take() };
  parentPort?.postMessage(
    answer,
    answer.chunks.map(({ buffer }) => buffer),
  );
});

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
  void parquet.write({ columnData: columns.map(sourceOf), rowGroupSize: GROUP_ROWS });
  group.clear();
}

function sourceOf({ name, type }: ParquetColumn, at: number): ColumnSource {
  return {
    name,
    // Hardly two scores are the same: looking for a dictionary of them takes half as long again as all else.
    ...(type === 'FLOAT' && { encoding: 'PLAIN' }),
    // One column after the other is made when its turn comes.
    get data() {
      return group.cellsOf(at);
    },
  } as ColumnSource;
}
