/** Pixels that another thread may have: shared ones, and those that own the whole of their memory. Others are copied. */
export function transferablePixels(pixels: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = pixels;
  const isWhole = buffer instanceof SharedArrayBuffer || buffer.byteLength === length;
  return isWhole ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(pixels);
}

/** The memory that a message with these pixels transfers; shared memory stays where it is. */
export function transferListOf({ buffer }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
