import type { PreparedPicture } from './prepare-jpeg.ts';

/** A kind of colour of which ffmpeg rounds the luma of each entry. */
const PALETTE = 3;
const SIGNATURE_BYTES = 8;
/** Of a chunk: its length and type before, its check behind. */
const AROUND = 12;

/** @returns null: of more than 8 bits, with a palette, with pixels that are not square, or with something behind its end */
export function preparePng(bytes: Buffer): PreparedPicture | null {
  let size: { width: number; height: number } | null = null;
  for (let at = SIGNATURE_BYTES; at + AROUND <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (content.length < length) return null;
    if (type === 'IHDR' && length >= 13) {
      if (content[8]! > 8 || content[9] === PALETTE) return null;
      size = { width: content.readUInt32BE(0), height: content.readUInt32BE(4) };
    }
    if (type === 'pHYs' && length >= 8 && !isSquare(content)) return null;
    at += AROUND + length;
    if (type === 'IEND') return size && at === bytes.length ? { bytes, ...size, codec: 'png' } : null;
  }
  return null;
}

/** A width of 0 says nothing, as in pictures that ffmpeg took out of a video. */
function isSquare(size: Buffer): boolean {
  const width = size.readUInt32BE(0);
  return width === 0 || width === size.readUInt32BE(4);
}
