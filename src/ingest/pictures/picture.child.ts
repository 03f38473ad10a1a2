/**
 * Decodes pictures, in a process of its own: what a stranger made may break libvips, and takes nothing down but this. What it cannot read, or
 * might read otherwise than ffmpeg, it leaves to that.
 */
import { readFile, stat } from 'node:fs/promises';
import type sharpModule from 'sharp';
import { prepareJpeg } from './jpeg.ts';
import { lumaOf, madeSmaller, turned } from './luma.ts';
import { preparePng } from './png.ts';
import type { DecodedPicture, FromPictures, ToPictures } from './protocol.ts';

type Sharp = typeof sharpModule;

/** Cameras write 10 MB. */
const MAX_BYTES = 64 * 2 ** 20;

const sharp = await loadSharp();
process.on('message', (message: ToPictures) => void answer(message));
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

async function answer(request: ToPictures): Promise<void> {
  // Whatever is wrong with it, ffmpeg says it in a sentence.
  const picture = await decode(request).catch(() => null);
  send({ id: request.id, picture });
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
  const upright = turned(madeSmaller(lumaOf(data, info), longerSide), orientation);
  const [width, height] = orientation >= 5 ? [info.height, info.width] : [info.width, info.height];
  return { ...upright, source: { width, height }, codec: prepared.codec };
}
