import { type FileHandle, open } from 'node:fs/promises';

/** Of a file, from a place on; fewer where it ends. */
export type BytesAt = (at: number, length: number) => Promise<Buffer>;

/** Reads of a file, which is closed when the work is done. */
export async function readFileBytes<T>(path: string, work: (bytesAt: BytesAt) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(bytesOf(file));
  } finally {
    await file.close();
  }
}

export function bytesOf(file: FileHandle): BytesAt {
  return async (at, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  };
}
