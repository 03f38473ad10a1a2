/** JPEG as libjpeg is to be given it: so that it hands out the luma that lies in the file. */

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP14 = 0xee;
const COM = 0xfe;
/** Sequential and progressive, Huffman, eight bits. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** Frames that are coded in another way; C4, C8 and CC are none. */
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];

export interface PreparedPicture {
  bytes: Buffer;
  width: number;
  height: number;
  codec: string;
}

interface Segment {
  marker: number;
  /** Of the marker, and behind its last byte. */
  start: number;
  end: number;
  content: Buffer;
}

/**
 * What libjpeg makes of Y, Cb and Cr is RGB, cut off where a colour is too bright or too dark, out of which the luma cannot be had again. So
 * it is told that these are red, green and blue, by the mark that Adobe's programs leave (https://exiftool.org/TagNames/JPEG.html#Adobe),
 * and gives the first of them as it is.
 * @returns null: a JPEG of another kind than cameras and phones write, or of more than one picture
 */
export function prepareJpeg(bytes: Buffer): PreparedPicture | null {
  const segments = segmentsOf(bytes);
  const scan = segments?.at(-1);
  const frame = segments?.find(({ marker }) => FRAMES.includes(marker));
  if (!segments || !scan || !frame || frame.content.length < 6) return null;
  const [precision, parts] = [frame.content[0], frame.content[5]];
  const isSquare = segments.every(hasSquarePixels);
  // A second picture: what is coded never holds this pair of bytes.
  const isAlone = bytes.indexOf(Buffer.from([0xff, SOI]), scan.end) < 0;
  if (precision !== 8 || !isSquare || !isAlone || !isLuminance(segments, frame)) return null;
  const size = { height: frame.content.readUInt16BE(1), width: frame.content.readUInt16BE(3) };
  if (parts === 1) return { bytes, ...size, codec: 'mjpeg' };
  const kept = segments.filter(({ marker }) => marker !== APP0 && marker !== APP14);
  const head = kept.slice(0, -1).map(({ start, end }) => bytes.subarray(start, end));
  return { bytes: Buffer.concat([START, ...head, bytes.subarray(scan.start)]), ...size, codec: 'mjpeg' };
}

/** The start, and Adobe's mark with its last byte 0: red, green, blue. */
const START = Buffer.concat([
  Buffer.from([0xff, SOI, 0xff, APP14, 0, 14]),
  Buffer.from('Adobe\0d\0\0\0\0\0', 'latin1'),
]);

/** Up to the first scan, which is the last of them; null: it is none, or ends before. */
function segmentsOf(bytes: Buffer): Segment[] | null {
  const segments: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    // Any number of these may go before a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === EOI || end > bytes.length || OTHER_FRAMES.includes(marker)) return null;
    segments.push({ marker, start: at, end, content: bytes.subarray(at + 4, end) });
    if (marker === SOS) return segments;
    at = end;
  }
  return null;
}

/** ffmpeg makes pixels square by what JFIF says of them. */
function hasSquarePixels({ marker, content }: Segment): boolean {
  if (marker !== APP0 || !content.toString('latin1', 0, 5).startsWith('JFIF\0') || content.length < 12)
    return true;
  return content.readUInt16BE(8) === content.readUInt16BE(10);
}

/** Whether its first part is luma of full range and full size, or all there is. */
function isLuminance(segments: readonly Segment[], { content }: Segment): boolean {
  // ffmpeg takes what says so for video's narrower range.
  if (
    segments.some(
      ({ marker, content: text }) => marker === COM && text.toString('latin1').startsWith('CS=ITU601'),
    )
  )
    return false;
  const parts = content[5];
  if (parts === 1) return true;
  if (parts !== 3 || content.length < 15) return false;
  const [id, sampling] = [content[6]!, [content[7]!, content[10]!, content[13]!]];
  const adobe = segments.find(({ marker, content: mark }) => marker === APP14 && mark.length >= 12);
  const isColourDifference = id !== 0x52 && (adobe === undefined || adobe.content[11] === 1);
  const isLargest = sampling.every(
    (one) => one >> 4 <= sampling[0]! >> 4 && (one & 15) <= (sampling[0]! & 15),
  );
  return isColourDifference && isLargest;
}
