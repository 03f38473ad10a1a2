/** Arrays of numbers as parameters of a statement. */

/** How arrays of `real` travel: written out, or (a server only) in PostgreSQL's binary form, which both ends read faster. */
export type RealArray = (values: readonly number[]) => string | Uint8Array;

export const textArray: RealArray = literal;

const FLOAT4_OID = 700;
const ARRAY_HEADER = 20;

/** One dimension, no nulls, from 1; each element behind its length. */
export const binaryArray: RealArray = (values) => {
  const bytes = new Uint8Array(ARRAY_HEADER + values.length * 8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 1);
  view.setInt32(8, FLOAT4_OID);
  view.setInt32(12, values.length);
  view.setInt32(16, 1);
  for (let at = 0; at < values.length; at++) {
    view.setInt32(ARRAY_HEADER + at * 8, 4);
    view.setFloat32(ARRAY_HEADER + at * 8 + 4, values[at]!);
  }
  return bytes;
};

/** `{1,2,3}` */
export function literal(values: readonly number[]): string {
  return `{${values.join()}}`;
}
