import type { BytesAt } from './read-at-offset.ts';

/** The mark before Exif's structure in JPEG, and by some programs in WebP. */
export const EXIF_MARK = 'Exif\0\0';
const ORIENTATION_TAG = 0x0112;

/** Whether a TIFF structure, which is also what Exif is, begins so. */
export const isTiff = (start: string): boolean => /^(II\*\0|MM\0\*)/.test(start);

/** How the picture has to be turned, 1 to 8 as Exif counts, by the TIFF structure that begins at `start`; 1 where it does not say. */
export async function exifOrientation(bytesAt: BytesAt, start: number): Promise<number> {
  const head = await bytesAt(start, 8);
  if (head.length < 8 || !isTiff(head.toString('latin1'))) return 1;
  const little = head[0] === 0x49;
  const uint16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const directory = start + (little ? head.readUInt32LE(4) : head.readUInt32BE(4));
  const counted = await bytesAt(directory, 2);
  if (counted.length < 2) return 1;
  const entries = await bytesAt(directory + 2, 12 * uint16(counted, 0));
  for (let at = 0; at + 12 <= entries.length; at += 12) {
    if (uint16(entries, at) !== ORIENTATION_TAG) continue;
    const orientation = uint16(entries, at + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}
