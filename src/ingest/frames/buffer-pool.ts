/** Memory for frames, used again once they are released: what is allocated for each would have to be collected. */
export interface FrameMemory {
  /** So many bytes that nobody else has, with whatever they held. They may be read by other threads meanwhile. */
  take(length: number): Uint8Array;
  /** Nobody reads them any more. Once only. */
  give(pixels: Uint8Array): void;
}

/** Free buffers that are kept: as many as may be on their way at a time. */
const KEPT = 12;

export function createFrameMemory(): FrameMemory {
  let free: Uint8Array[] = [];
  return {
    take(length) {
      if (free[0]?.length !== length) free = [];
      return free.pop() ?? new Uint8Array(new SharedArrayBuffer(length));
    },
    give(pixels) {
      if (free.length < KEPT && pixels.length === (free[0]?.length ?? pixels.length)) free.push(pixels);
    },
  };
}
