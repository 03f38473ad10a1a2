/** Buffers for pixels, reused once they are released: a new one for each frame would have to be garbage collected. */
export interface FramePool {
  /** A buffer of `length` bytes that nobody else uses, with old contents. It is shared memory: other threads may read it. */
  acquire(length: number): Uint8Array;
  /** Nobody reads the buffer any more. Call it once per buffer. */
  release(buffer: Uint8Array): void;
}

/** Free buffers that are kept: as many as may be in use at a time. */
const MAX_FREE = 12;

/** Keeps the buffers that were released last, of whatever lengths: the pictures of a source may change their size. */
export function createFramePool(): FramePool {
  const free: Uint8Array[] = [];
  return {
    acquire(length) {
      const at = free.findLastIndex((buffer) => buffer.length === length);
      return at < 0 ? new Uint8Array(new SharedArrayBuffer(length)) : free.splice(at, 1)[0]!;
    },
    release(buffer) {
      if (free.push(buffer) > MAX_FREE) free.shift();
    },
  };
}
