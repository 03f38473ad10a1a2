import { EXIF_MARK, exifOrientation, isTiff } from './exif.ts';
import { lookAtHeif } from './heif.ts';
import type { Picture } from './picture-info.ts';
import { type BytesAt, readFileBytes } from './read-at-offset.ts';

/** Parts that are looked at, at most: a file may claim any number. Enough for 80 MB in the parts of 8 KB that are usual in PNG. */
const MAX_PARTS = 10_000;

/** By what the file says of itself, not by its name. Undefined: no picture that is known. */
export const lookAtFile = (path: string): Promise<Picture | undefined> =>
  readFileBytes(path, async (bytesAt) => lookAtPicture(withStart(await bytesAt(0, START_BYTES), bytesAt)));

/** Most that is looked at lies there, in parts of which each would be a read. */
const START_BYTES = 4096;

function withStart(start: Buffer, bytesAt: BytesAt): BytesAt {
  const isWhole = start.length < START_BYTES;
  return async (at, length) =>
    isWhole || at + length <= start.length ? start.subarray(at, at + length) : bytesAt(at, length);
}

/** Undefined: no picture that is known. */
export async function lookAtPicture(bytesAt: BytesAt): Promise<Picture | undefined> {
  const head = await bytesAt(0, 18);
  const start = head.toString('latin1', 0, 12);
  if (/^\xff\xd8\xff/.test(start)) return lookAtJpeg(bytesAt);
  if (/^\x89PNG\r\n/.test(start)) return lookAtPng(bytesAt);
  if (/^RIFF.{4}WEBP/s.test(start)) return lookAtWebp(bytesAt);
  if (isBmp(head)) return { demuxer: 'bmp_pipe', orientation: 1 };
  if (isTiff(start)) return { demuxer: 'tiff_pipe', orientation: await exifOrientation(bytesAt, 0) };
  if (/^.{4}ftyp/s.test(start)) return lookAtHeif(bytesAt);
  return undefined;
}

/** How long the second header of a BMP may be, in its versions; text may begin with the same two letters. */
const BMP_HEADERS = [12, 16, 40, 52, 56, 64, 108, 124];

const isBmp = (head: Buffer): boolean =>
  head.length >= 18 && head.toString('latin1', 0, 2) === 'BM' && BMP_HEADERS.includes(head.readUInt32LE(14));

/** Newer ones of ffmpeg know its way up, older ones do not. */
async function lookAtJpeg(bytesAt: BytesAt): Promise<Picture> {
  const picture = { demuxer: 'jpeg_pipe', orientation: 1 };
  let at = 2;
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await bytesAt(at, 10);
    const marker = head[1];
    // After the start of the scan comes the picture itself.
    if (head.length < 10 || head[0] !== 0xff || marker === 0xda) break;
    if (marker === 0xe1 && head.toString('latin1', 4) === EXIF_MARK) {
      picture.orientation = await exifOrientation(bytesAt, at + 10);
      break;
    }
    at += 2 + head.readUInt16BE(2);
  }
  return picture;
}

async function lookAtPng(bytesAt: BytesAt): Promise<Picture> {
  const picture = { demuxer: 'png_pipe', orientation: 1 };
  let at = 8;
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await bytesAt(at, 8);
    const type = head.toString('latin1', 4);
    if (head.length < 8 || type === 'IEND') break;
    if (type === 'acTL') picture.demuxer = 'apng';
    if (type === 'eXIf') picture.orientation = await exifOrientation(bytesAt, at + 8);
    at += 12 + head.readUInt32BE(0);
  }
  return picture;
}

async function lookAtWebp(bytesAt: BytesAt): Promise<Picture> {
  const picture: Picture = { demuxer: 'webp_pipe', orientation: 1 };
  let at = 12;
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await bytesAt(at, 14);
    const type = head.toString('latin1', 0, 4);
    if (head.length < 8) break;
    if (type === 'EXIF') {
      const hasMark = head.toString('latin1', 8) === EXIF_MARK;
      picture.orientation = await exifOrientation(bytesAt, at + (hasMark ? 14 : 8));
    }
    if (type === 'ANIM') {
      picture.rare = { name: 'an animated WebP', saveAs: 'an animated PNG or an MP4', isTried: true };
      // A newer ffmpeg has a demuxer for these, and finds it by itself.
      delete picture.demuxer;
    }
    const length = head.readUInt32LE(4);
    at += 8 + length + (length % 2);
  }
  return picture;
}
