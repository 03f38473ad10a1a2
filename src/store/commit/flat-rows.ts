/**
 * How rows travel to the commit statement: the values of all rows of one table in one array, one row behind the other.
 * encode-*.ts write these arrays, commit-statement.ts takes them apart.
 */
import { createArrayEncoder, type NumberType } from './binary-arrays.ts';

/** Values per row of each array. */
export const STRIDE = {
  session: 11,
  moment: 13,
  readingInts: 6,
  readingReals: 28,
  rollup: 42,
  track: 7,
  episode: 13,
  writer: 4,
};

/** The position of a session among the session ids of its batch, from 1 as SQL counts. */
export type SessionPosition = (sessionId: string) => number;

export function encodeRows(type: NumberType, rows: readonly (readonly number[])[]): Uint8Array {
  const encoder = createArrayEncoder(
    type,
    rows.reduce((sum, row) => sum + row.length, 0),
  );
  for (const row of rows) for (const value of row) encoder.push(value);
  return encoder.bytes;
}
