/** Memory that is used again once it is released, as for the models' inputs. Grows to what is asked of it. */
export class BufferPool {
  readonly #allocate: (length: number) => ArrayBufferLike;
  #free: Uint8Array[] = [];

  constructor(allocate: (length: number) => ArrayBufferLike) {
    this.#allocate = allocate;
  }

  /** So many bytes that nobody else uses. They hold what their last user left. */
  acquire(length: number): Uint8Array {
    const bytes = this.#free.pop();
    if (bytes && bytes.length >= length) return bytes.subarray(0, length);
    return new Uint8Array(this.#allocate(length));
  }

  /** Gives bytes back, once only; a part of what was acquired stands for all of it. */
  release({ buffer }: Uint8Array): void {
    this.#free.push(new Uint8Array(buffer));
  }
}

/** Of memory that threads share. */
export function createSharedBufferPool(): BufferPool {
  return new BufferPool((length) => new SharedArrayBuffer(length));
}
