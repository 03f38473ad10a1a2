/**
 * Whether a recording turns into something else, or breaks off, before its end, of the formats of which ffmpeg takes what it could
 * read for the whole: their length stands nowhere, but they show it by their structure.
 */
import { open } from 'node:fs/promises';
import { type BytesAt, bytesOf } from './read-at-offset.ts';

/** Bytes of a GIF that are walked through. */
const MAX_GIF_BYTES = 64 * 2 ** 20;
/** Chunks of a PNG. */
const MAX_CHUNKS = 100_000;
/** Bytes of a packet of MPEG-TS, and where in it the mark stands. */
const PACKETS = [
  [188, 0],
  [192, 4],
  [204, 0],
] as const;
const SYNC = 0x47;
/** Packets that follow each other are those of a stream, not chance. */
const IN_A_ROW = 4;

/** False: it is whole, or nobody can know. */
export async function hasDamagedEnd(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await damagedEndOf(bytesOf(file), size);
  } finally {
    await file.close();
  }
}

/** The same of what is no file. */
export async function damagedEndOf(bytesAt: BytesAt, size: number): Promise<boolean> {
  const start = (await bytesAt(0, 8)).toString('latin1');
  if (/^GIF8[79]a/.test(start)) return size <= MAX_GIF_BYTES && isBrokenGif(await bytesAt(0, size));
  if (/^\x89PNG\r\n/.test(start)) return await isBrokenApng(bytesAt);
  return await isBrokenTs(bytesAt, size);
}

/** Many writers leave out the last byte of all, so a GIF may also end behind any block. */
function isBrokenGif(bytes: Buffer): boolean {
  const tableLength = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableLength(bytes[10] ?? 0);
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === 0x3b) return false;
    if (block === 0x21) at += 2;
    else if (block === 0x2c) at += 11 + tableLength(bytes[at + 9] ?? 0);
    else return true;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
    at += 1;
  }
  return at > bytes.length;
}

/** A PNG of one picture is shown as far as it goes. */
async function isBrokenApng(bytesAt: BytesAt): Promise<boolean> {
  let isAnimated = false;
  let at = 8;
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    const head = await bytesAt(at, 8);
    const type = head.toString('latin1', 4);
    if (type === 'IEND') return false;
    if (!/^[a-zA-Z]{4}$/.test(type)) return isAnimated;
    isAnimated ||= type === 'acTL';
    at += 12 + head.readUInt32BE(0);
  }
  return false;
}

/** What is cut off within a packet lacks no more than that, as far as anybody can know. */
async function isBrokenTs(bytesAt: BytesAt, size: number): Promise<boolean> {
  const [longest] = PACKETS[2];
  const head = await bytesAt(0, (IN_A_ROW + 1) * longest);
  const found = PACKETS.find(([length, mark]) => isMarked(head, mark, length));
  if (!found) return false;
  const [length] = found;
  const tail = await bytesAt(Math.max(0, size - (IN_A_ROW + 2) * length), (IN_A_ROW + 2) * length);
  // Packets may lie anywhere: something may be missing before them.
  return !Array.from({ length }, (_, mark) => mark).some((mark) => isMarked(tail, mark, length));
}

function isMarked(bytes: Buffer, first: number, length: number): boolean {
  return Array.from({ length: IN_A_ROW }, (_, i) => bytes[first + i * length]).every((byte) => byte === SYNC);
}
