/**
 * Decodes and encodes pictures, in a process of its own: what a stranger made may break libvips, and takes nothing down but this. What it cannot read, or
 * might read otherwise than ffmpeg, it leaves to that.
 */
import { readFile, stat } from 'node:fs/promises';
import type sharpModule from 'sharp';
import type { FrameColour, FrameSize } from '../../domain/frame.ts';
import type { DecodedPicture, FromPictures, JpegRequest, ToPictures } from './picture-protocol.ts';
import { prepareJpeg } from './prepare-jpeg.ts';
import { preparePng } from './prepare-png.ts';
import { lumaOf, turned } from './rgb-to-luma.ts';
import { rgbOf } from './yuv-to-rgb.ts';

type Sharp = typeof sharpModule;

/** Cameras write 10 MB. */
const MAX_BYTES = 64 * 2 ** 20;
/** 30 KB of 640 × 360. */
const JPEG_QUALITY = 75;

const sharp = await loadSharp();
process.on('message', (message: ToPictures | JpegRequest) => void answer(message));
process.on('disconnect', () => process.exit());
send({ version: sharp && `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}` });

function send(message: FromPictures): void {
  process.send?.(message);
}

/** It is optional: its libraries are not there for every platform. */
async function loadSharp(): Promise<Sharp | null> {
  try {
    const { default: loaded } = await import('sharp');
    // Nothing is read twice, and the models want the other cores.
    loaded.cache(false);
    loaded.concurrency(1);
    return loaded;
  } catch {
    return null;
  }
}

async function answer(request: ToPictures | JpegRequest): Promise<void> {
  // Whatever is wrong with one that is decoded, ffmpeg says it in a sentence; of those that are shown the next one comes soon.
  const picture = await ('luma' in request ? encode(request) : decode(request)).catch(() => null);
  send({ id: request.id, picture });
}

async function encode(picture: JpegRequest): Promise<Uint8Array | null> {
  if (sharp === null) return null;
  if (picture.colour) return encodeColour(sharp, picture, picture.colour);
  const { width, height, luma, longerSide } = picture;
  const fit = { fit: 'inside', withoutEnlargement: true } as const;
  return sharp(luma, { raw: { width, height, channels: 1 } })
    .resize(longerSide, longerSide, fit)
    .toColourspace('b-w')
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}

/** Made smaller first: the rest is then of few pixels, however many the frame has. */
async function encodeColour(
  loaded: Sharp,
  { width, height, luma, longerSide }: JpegRequest,
  { chroma, matrix }: FrameColour,
): Promise<Uint8Array> {
  const fit = Math.min(1, longerSide / Math.max(width, height));
  const size = { width: fitted(width, fit), height: fitted(height, fit) };
  const from = halved({ width, height });
  const between = from.width * from.height;
  const planes = await Promise.all([
    resized(loaded, luma, { width, height }, size),
    resized(loaded, chroma.subarray(0, between), from, halved(size)),
    resized(loaded, chroma.subarray(between), from, halved(size)),
  ]);
  const rgb = rgbOf(
    { ...size, luma: planes[0], blueDifference: planes[1], redDifference: planes[2] },
    matrix,
  );
  return loaded(rgb, { raw: { ...size, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}

const fitted = (length: number, fit: number) => Math.max(1, Math.round(length * fit));

const halved = ({ width, height }: FrameSize): FrameSize => ({
  width: Math.ceil(width / 2),
  height: Math.ceil(height / 2),
});

async function resized(
  loaded: Sharp,
  plane: Uint8Array,
  from: FrameSize,
  to: FrameSize,
): Promise<Uint8Array> {
  if (from.width === to.width && from.height === to.height) return plane;
  return loaded(plane, { raw: { ...from, channels: 1 } })
    .resize({ ...to, fit: 'fill' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
}

async function decode({
  path,
  longerSide,
  maxPixels,
  orientation,
}: ToPictures): Promise<DecodedPicture | null> {
  if (sharp === null || (await stat(path)).size > MAX_BYTES) return null;
  const file = await readFile(path);
  const prepared = file[0] === 0xff ? prepareJpeg(file) : preparePng(file);
  if (prepared === null || prepared.width * prepared.height > maxPixels) return null;
  const options = { ignoreIcc: true, failOn: 'warning', limitInputPixels: maxPixels, pages: 1 } as const;
  const opened = sharp(prepared.bytes, options);
  // Of a JPEG the first of its parts is luma already.
  const wanted = prepared.codec === 'mjpeg' ? opened.extractChannel(0) : opened;
  const { data, info } = await wanted.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const upright = turned(lumaOf({ pixels: data, ...info }, longerSide), orientation);
  const [width, height] = orientation >= 5 ? [info.height, info.width] : [info.width, info.height];
  return { ...upright, source: { width, height }, codec: prepared.codec };
}
