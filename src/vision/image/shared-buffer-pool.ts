/** Shared memory for the models' inputs, used again once it is released. Grows to what is asked of it. */
export class SharedBufferPool {
  #free: Uint8Array[] = [];

  /** So many bytes that nobody else uses. They hold what their last user left. */
  acquire(length: number): Uint8Array {
    const bytes = this.#free.pop();
    if (bytes && bytes.length >= length) return bytes.subarray(0, length);
    return new Uint8Array(new SharedArrayBuffer(length));
  }

  /** Gives bytes back, once only; a part of what was acquired stands for all of it. */
  release({ buffer }: Uint8Array): void {
    this.#free.push(new Uint8Array(buffer));
  }
}
