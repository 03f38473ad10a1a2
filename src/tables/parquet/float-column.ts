/**
 * A column of FLOAT, written byte for byte as the library would: there each number, and whether it is there, is an element of a list, which
 * for the two hundred columns of a million readings costs more than all else.
 */
import { ByteWriter, type ParquetWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';

export type ColumnChunk = ParquetWriter['row_groups'][number]['columns'][number];

/**
 * As one page, neither compressed nor with a dictionary or least and greatest: hardly two scores are the same, and every group has all of them.
 * @param cells of a group; NaN stands for nothing
 */
export function writeFloatColumn(
  writer: ByteWriter,
  name: string,
  cells: Float32Array<ArrayBuffer>,
): ColumnChunk {
  const begin = writer.offset;
  const isThere = new Uint8Array(cells.length).fill(1);
  for (let at = 0; at < cells.length; at++) if (Number.isNaN(cells[at])) isThere[at] = 0;
  const present = isThere.includes(0) ? cells.filter((_, at) => isThere[at] === 1) : cells;
  const levels = new ByteWriter();
  writeRleBitPackedHybrid(levels, isThere, 1);
  const bytes = levels.offset + present.byteLength;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: bytes,
    compressed_page_size: bytes,
    data_page_header_v2: {
      num_values: cells.length,
      num_nulls: cells.length - present.length,
      num_rows: cells.length,
      encoding: 'PLAIN',
      definition_levels_byte_length: levels.offset,
      repetition_levels_byte_length: 0,
      is_compressed: true,
    },
  });
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(new Uint8Array(present.buffer, present.byteOffset, present.byteLength));
  return {
    file_offset: BigInt(begin),
    meta_data: {
      ...{ type: 'FLOAT', encodings: ['PLAIN'], path_in_schema: [name], codec: 'UNCOMPRESSED' },
      num_values: BigInt(cells.length),
      total_compressed_size: BigInt(writer.offset - begin),
      total_uncompressed_size: BigInt(writer.offset - begin),
      data_page_offset: BigInt(begin),
    },
  };
}
