/** Writes Parquet in a thread of its own: encoding a group of rows takes a second, in which nothing else could be served. */
import { parentPort, workerData } from 'node:worker_threads';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { Cell } from '../table.ts';
import type { FromParquet, ParquetWorkerData, ToParquet } from './protocol.ts';

/** Of a group: readers skip whole groups by their statistics, and memory holds one. */
const MAX_ROWS = 100_000;
/** Of a group, so that a table with many columns takes no more memory than one with few. */
const MAX_CELLS = 2_000_000;

const { columns } = workerData as ParquetWorkerData;
const groupRows = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_CELLS / columns.length)));
const bytes = new ByteWriter();
const parquet = new ParquetWriter({
  writer: bytes,
  schema: schemaFromColumnData({ columnData: columns.map((column) => ({ ...column, data: [] })) }),
  createdBy: 'mien',
});
let group: Cell[][] = columns.map(() => []);

parentPort?.on('message', (message: ToParquet) => {
  if ('end' in message) {
    writeGroup();
    // Nothing waits: what it writes to is memory.
    void parquet.finish();
  } else {
    for (const [index, cells] of message.cells.entries()) group[index]?.push(...cells);
    if ((group[0]?.length ?? 0) >= groupRows) writeGroup();
  }
  const answer: FromParquet = { id: message.id, bytes: takeBytes() };
  parentPort?.postMessage(answer, [answer.bytes.buffer]);
});

function writeGroup(): void {
  if (group[0] === undefined || group[0].length === 0) return;
  const columnData = columns.map(({ name, type }, index) => ({
    name,
    data: type === 'TIMESTAMP' ? group[index]!.map(toDate) : group[index]!,
  }));
  void parquet.write({ columnData, rowGroupSize: groupRows * 2 });
  group = columns.map(() => []);
}

function toDate(cell: Cell): Date | null {
  return typeof cell === 'string' ? new Date(cell) : null;
}

/** What was written since it was last asked. */
function takeBytes(): Uint8Array<ArrayBuffer> {
  const taken = new Uint8Array(bytes.getBytes());
  bytes.index = 0;
  return taken;
}
