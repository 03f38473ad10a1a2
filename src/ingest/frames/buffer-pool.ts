/** Buffers for pixels, reused once they are released: a new one for each frame would have to be garbage collected. */
export interface BufferPool {
  /** A buffer of `length` bytes that nobody else uses, with old contents. It is shared memory: other threads may read it. */
  acquire(length: number): Uint8Array;
  /** Nobody reads the buffer any more. Call it once per buffer. */
  release(buffer: Uint8Array): void;
}

/** Free buffers that are kept: as many as may be in use at a time. */
const MAX_FREE = 12;

/** Keeps buffers of one length, the newest one asked for. */
export function createBufferPool(): BufferPool {
  let free: Uint8Array[] = [];
  return {
    acquire(length) {
      if (free[0]?.length !== length) free = [];
      return free.pop() ?? new Uint8Array(new SharedArrayBuffer(length));
    },
    release(buffer) {
      if (free.length < MAX_FREE && buffer.length === (free[0]?.length ?? buffer.length)) free.push(buffer);
    },
  };
}
