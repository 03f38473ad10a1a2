/** What a recording is, by its first bytes: an upload has no name, and a file may have a wrong one. */
import { open } from 'node:fs/promises';

const BYTES = 16;
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

/** Never a type that a browser would run: whoever uploads decides what is in it. */
export async function readMediaType(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES), 0, BYTES, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    return MARKS.find(([at, mark]) => head.startsWith(mark, at))?.[2] ?? 'application/octet-stream';
  } finally {
    await file.close();
  }
}
