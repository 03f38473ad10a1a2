/**
 * Arrays of numbers in PostgreSQL's binary format (`array_recv` in its utils/adt/arrayfuncs.c): both ends read and write
 * it several times faster than literals.
 */

export type NumberType = 'int' | 'bigint' | 'real' | 'double';

/** Filled once, from front to back, with as many numbers as were announced. */
export interface ArrayEncoder {
  push(value: number): void;
  readonly bytes: Uint8Array;
}

/** @param length how many will be pushed */
export function createArrayEncoder(type: NumberType, length: number): ArrayEncoder {
  switch (type) {
    case 'int':
      return new IntEncoder(length);
    case 'bigint':
      return new BigintEncoder(length);
    case 'real':
      return new RealEncoder(length);
    case 'double':
      return new DoubleEncoder(length);
  }
}

/** Type OIDs, as in PostgreSQL's catalog pg_type. */
const OID = { int4: 23, int8: 20, float4: 700, float8: 701 };
/** Bytes of the array's header, and of the length before each element. */
const HEADER = 20;
const LENGTH = 4;

/** One dimension, no nulls, from 1; each element behind its length. */
abstract class BinaryArray {
  readonly bytes: Uint8Array;
  protected readonly view: DataView;
  /** Where the next element goes, past its length. */
  protected at = HEADER + LENGTH;

  constructor(oid: number, elementBytes: number, length: number) {
    const step = LENGTH + elementBytes;
    this.bytes = new Uint8Array(HEADER + length * step);
    this.view = new DataView(this.bytes.buffer);
    this.view.setInt32(0, 1);
    this.view.setInt32(8, oid);
    this.view.setInt32(12, length);
    this.view.setInt32(16, 1);
    for (let at = HEADER; at < this.bytes.length; at += step) this.view.setInt32(at, elementBytes);
  }
}

class IntEncoder extends BinaryArray implements ArrayEncoder {
  constructor(length: number) {
    super(OID.int4, 4, length);
  }

  push(value: number): void {
    this.view.setInt32(this.at, value);
    this.at += 8;
  }
}

class RealEncoder extends BinaryArray implements ArrayEncoder {
  constructor(length: number) {
    super(OID.float4, 4, length);
  }

  push(value: number): void {
    this.view.setFloat32(this.at, value);
    this.at += 8;
  }
}

class DoubleEncoder extends BinaryArray implements ArrayEncoder {
  constructor(length: number) {
    super(OID.float8, 8, length);
  }

  push(value: number): void {
    this.view.setFloat64(this.at, value);
    this.at += 12;
  }
}

class BigintEncoder extends BinaryArray implements ArrayEncoder {
  constructor(length: number) {
    super(OID.int8, 8, length);
  }

  /** Whole numbers that a double holds exactly. */
  push(value: number): void {
    const high = Math.floor(value / 2 ** 32);
    this.view.setInt32(this.at, high);
    this.view.setUint32(this.at + 4, value - high * 2 ** 32);
    this.at += 12;
  }
}
