import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { expect, it } from 'vitest';
import { type ColumnChunk, writeFloatColumn } from '../../src/tables/parquet/float-column.ts';
import { seeded } from '../helpers/memory-store.ts';

it.each([
  ['all', 0],
  ['most', 0.02],
  ['some', 0.5],
  ['none', 1],
])(
  'a column of floats of which %s are there is written byte for byte as the library writes it',
  async (_, missing) => {
    const random = seeded(6);
    const cells = Float32Array.from({ length: 1003 }, () => (random() < missing ? Number.NaN : random()));
    const own = new ByteWriter();
    const chunk = writeFloatColumn(own, 'score', cells);
    const library = new ByteWriter();
    const [column, begin] = await writeByLibrary(library, cells);
    expect(Buffer.compare(own.getBytes(), library.getBytes().subarray(begin))).toBe(0);
    expect(chunk.file_offset).toBe(0n);
    expect(chunk.meta_data).toEqual({ ...column.meta_data, data_page_offset: 0n });
  },
);

async function writeByLibrary(writer: ByteWriter, cells: Float32Array): Promise<[ColumnChunk, number]> {
  const column = {
    ...{ name: 'score', type: 'FLOAT', encoding: 'PLAIN', statistics: false, codec: 'UNCOMPRESSED' },
    data: Array.from(cells, (cell) => (Number.isNaN(cell) ? null : cell)),
  } as ColumnSource;
  const parquet = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData: [column] }) });
  const begin = writer.offset;
  await parquet.write({ columnData: [column], rowGroupSize: cells.length, pageSize: 0 });
  return [parquet.row_groups[0]!.columns[0]!, begin];
}
