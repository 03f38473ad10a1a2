/** Numbers and texts one behind the other, in network order. */

/** Grows as it is written to; `take` copies what was written, and begins anew. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  take(): Uint8Array {
    const written = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return written;
  }

  /** Makes room for so many bytes; whatever is written next needs it, but for texts and bytes. */
  reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#at + bytes));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  uint8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A UUID takes 17 bytes, any other text of at most 254 bytes in UTF-8 one more than it has. */
  id(id: string): void {
    this.reserve(256);
    if (UUID.test(id)) {
      this.uint8(IS_UUID);
      this.bytes(Buffer.from(id.replaceAll('-', ''), 'hex'));
      return;
    }
    const text = Buffer.from(id);
    if (text.length >= IS_UUID) throw new RangeError('an id has at most 254 bytes');
    this.uint8(text.length);
    this.bytes(text);
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const IS_UUID = 255;

/** @throws RangeError behind the end, and for a number that is none */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint8(): number {
    this.#at += 1;
    return this.#view.getUint8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#view.getInt16(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }

  uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  double(): number {
    this.#at += 8;
    const value = this.#view.getFloat64(this.#at - 8);
    if (!Number.isFinite(value)) throw new RangeError('a message holds a number that is none');
    return value;
  }

  /** A double that counts something: whole, and not below 0. */
  count(): number {
    const value = this.double();
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError('a message counts what cannot be counted');
    return value;
  }

  id(): string {
    const length = this.uint8();
    if (length !== IS_UUID) return this.#take(length).toString('utf8');
    const hex = this.#take(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** All that follows. */
  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a message ends too soon');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
