/**
 * Rows in PostgreSQL's binary format, one behind the other: what `record_send` makes of them. Numbers are then neither printed nor
 * parsed, and a page is one cell, where each cell of an answer costs as much as a row has numbers.
 */
import type { Prisma } from '../generated/client.ts';

/** @param rows a query whose one column is of `record_send` @returns an expression of bytes for `BinaryRecords` to read; null: there are none */
export function recordsSql(column: string, rows: string): string {
  return `(SELECT string_agg(${column}, ''::bytea) ${rows})`;
}

/**
 * Runs a query whose one row is of two cells of bytes. The embedded database hands them over as they are; through Prisma they come as text.
 * @throws what the database said
 */
export type ReadBytes = (sql: string, parameters: readonly (string | number)[]) => Promise<TwoCells>;
export type TwoCells = [Uint8Array | null, Uint8Array | null];

/** In a transaction, or on a server. */
export function readBytesAsText(prisma: Pick<Prisma.TransactionClient, '$queryRawUnsafe'>): ReadBytes {
  return async (sql, parameters) => {
    const text = `SELECT encode(one, 'hex') AS one, encode(other, 'hex') AS other FROM (${sql}) AS bytes (one, other)`;
    const [row] = await prisma.$queryRawUnsafe<[Record<'one' | 'other', string | null>]>(text, ...parameters);
    return [bytesOf(row.one), bytesOf(row.other)];
  };
}

export function bytesOf(hex: string | null): Uint8Array | null {
  return hex === null ? null : Buffer.from(hex, 'hex');
}

/** Reads the columns of the rows in turn; the caller knows which there are. */
export class BinaryRecords {
  readonly #bytes: Buffer;
  /** Where the next column begins: rows that were passed can be read again. */
  place = 0;

  constructor(bytes: Uint8Array | null) {
    this.#bytes =
      bytes === null ? Buffer.alloc(0) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Steps to the first column of the next row. @returns whether there is one */
  next(): boolean {
    if (this.place >= this.#bytes.length) return false;
    // How many columns it has.
    this.place += 4;
    return true;
  }

  boolean(): boolean {
    return this.#bytes[this.#column(1)] === 1;
  }

  /** Of `smallint`. */
  short(): number {
    return this.#bytes.readInt16BE(this.#column(2));
  }

  /** Of `int`. */
  int(): number {
    return this.#bytes.readInt32BE(this.#column(4));
  }

  /** Of `real`. */
  real(): number {
    return this.#bytes.readFloatBE(this.#column(4));
  }

  /** Of `double precision`. */
  double(): number {
    return this.#bytes.readDoubleBE(this.#column(8));
  }

  /** Whether the next column is null: then steps over it. */
  isNull(): boolean {
    if (this.#bytes.readInt32BE(this.place + 4) !== -1) return false;
    this.place += COLUMN_HEAD;
    return true;
  }

  /** Of `real[]`. */
  reals(): number[] {
    const list: number[] = [];
    for (let at = this.#any() + ARRAY_HEAD; at < this.place; at += ELEMENT)
      list.push(this.#bytes.readFloatBE(at + 4));
    return list;
  }

  /** Of `real[]`, changed; of fewer than `count` the last places stay as they are. @returns where the next one goes */
  copyReals(list: Float64Array, begin: number, count: number, change: (real: number) => number): number {
    let at = this.#any() + ARRAY_HEAD + 4;
    for (let place = begin; place < begin + count && at < this.place; place++, at += ELEMENT)
      list[place] = change(this.#bytes.readFloatBE(at));
    return begin + count;
  }

  /** Of `bytea`: 16-bit integers, little-endian. */
  shorts(): number[] {
    const list: number[] = [];
    for (let at = this.#any(); at < this.place; at += 2) list.push(this.#bytes.readInt16LE(at));
    return list;
  }

  /** The same, divided. */
  copyShorts(list: Float64Array, begin: number, count: number, divisor: number): void {
    let at = this.#any();
    for (let place = begin; place < begin + count && at < this.place; place++, at += 2)
      list[place] = this.#bytes.readInt16LE(at) / divisor;
  }

  skip(columns: number): void {
    for (let column = 0; column < columns; column++) this.#any();
  }

  /** @returns where a column of this length begins */
  #column(length: number): number {
    const begin = this.place + COLUMN_HEAD;
    this.place = begin + length;
    return begin;
  }

  #any(): number {
    return this.#column(this.#bytes.readInt32BE(this.place + 4));
  }
}

/** Its type, and its length. */
const COLUMN_HEAD = 8;
/** How many dimensions, whether there are nulls, the type; of the dimension, how many there are, and the first index. One without elements ends before. */
const ARRAY_HEAD = 20;
/** Its length, and itself. */
const ELEMENT = 8;
