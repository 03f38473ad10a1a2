/** What a recording is, by its first bytes: an upload has no name, and a file may have a wrong one. */
import { open } from 'node:fs/promises';

/** How many bytes of it are looked at. */
export const HEAD_BYTES = 16;
/** Where its mark stands, the mark in Latin-1, and the type as browsers know it. */
const MARKS: readonly (readonly [at: number, mark: string, type: string])[] = [
  [4, 'ftypqt', 'video/quicktime'],
  [4, 'ftyp', 'video/mp4'],
  [4, 'moov', 'video/quicktime'],
  [4, 'mdat', 'video/quicktime'],
  [0, '\x1a\x45\xdf\xa3', 'video/webm'],
  [0, 'OggS', 'video/ogg'],
  [8, 'AVI ', 'video/x-msvideo'],
  [0, 'FLV', 'video/x-flv'],
  [0, '\x00\x00\x01\xba', 'video/mpeg'],
  [0, '\x47', 'video/mp2t'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, '\x89PNG', 'image/png'],
  [8, 'WEBP', 'image/webp'],
];

export async function readMediaType(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return mediaTypeOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Never a type that a browser would run: whoever uploads decides what is in it. */
export function mediaTypeOf(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  return MARKS.find(([at, mark]) => head.startsWith(mark, at))?.[2] ?? 'application/octet-stream';
}
