/**
 * How large a face may be and still be found, by the detector as the server runs it:
 *
 *     npx tsx scripts/large-faces.ts DATA [tuning]
 *
 * DATA holds `faces.tar` and `backgrounds.tar` of the training. Photos that training never saw (`split` in
 * models/training/detector/sources.py) are enlarged until their largest face has each of SIZES, in the middle of a background
 * that fills the picture. Counted are the faces that are found at 128 px there; of the backgrounds alone, sure faces. Some
 * backgrounds hold people, so only the difference between two versions of the detector tells of false ones.
 */
import '../src/no-telemetry.ts';

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detection } from '../src/vision/detection/detection.ts';
import { Detector } from '../src/vision/detection/detector.ts';
import { equivalentSide, iou, type Rect } from '../src/vision/image/geometry.ts';
import type { GrayImage } from '../src/vision/image/gray-image.ts';
import { downscale, upscale } from '../src/vision/image/resize.ts';
import { readModels } from '../src/vision/models/model-card.ts';
import { openModels } from '../src/vision/runtime/open-models.ts';

const SIZES = [128, 256, 384, 448, 512, 600];
const CANVASES = [
  [640, 640],
  [640, 360],
] as const;
/** Per cent, as in `sources.py`. */
const SHARES = { faces: { heldOut: 10, tuning: 8 }, backgrounds: { heldOut: 20, tuning: 12 } };

const [data, part = 'held-out'] = process.argv.slice(2);
if (data === undefined) throw new Error('npx tsx scripts/large-faces.ts DATA [tuning]');
const models = await readModels(new URL('../models', import.meta.url).pathname);
const session = (await openModels(models, 'cpu', 1)).detector;
const sure = models.detector.thresholds.score;
// onnxruntime takes no shared memory.
const run: typeof session.run = ({ data, dims }) => session.run({ data: new Uint8Array(data), dims });
const detector = new Detector({ run }, models.detector, sure);

const backgrounds = pictures('backgrounds');
const photos: { picture: GrayImage; face: Rect }[] = [];
for (const picture of pictures('faces')) {
  const face = (await detect(picture)).sort((p, q) => equivalentSide(q.box) - equivalentSide(p.box))[0];
  if (face && equivalentSide(face.box) >= 32) photos.push({ picture, face: face.box });
}
console.log(`${part}: ${photos.length} photos, ${backgrounds.length} backgrounds`);
for (const [width, height] of CANVASES) {
  const found = SIZES.map(() => 0);
  let clear = 0;
  for (const [n, photo] of photos.entries()) {
    const seen: boolean[] = [];
    for (const size of SIZES) seen.push(await isFound(photo, size, cover(backgrounds, n, width, height)));
    if (!seen[0]) continue;
    clear++;
    for (const [i, yes] of seen.entries()) if (yes) found[i]!++;
  }
  let strays = 0;
  for (const n of backgrounds.keys()) strays += (await detect(cover(backgrounds, n, width, height))).length;
  const shares = SIZES.map((size, i) => `${size} px ${((found[i]! / clear) * 100).toFixed(1)} %`);
  console.log(
    `${width}x${height}: of ${clear} faces ${shares.join(', ')}; in backgrounds ${strays} sure faces`,
  );
}
process.exit(0);

async function detect(picture: GrayImage): Promise<Detection[]> {
  return (await detector.detect([picture]))[0]!;
}

/** Whether the face is found at this size, as far as the canvas shows it. */
async function isFound(
  { picture, face }: { picture: GrayImage; face: Rect },
  size: number,
  canvas: GrayImage,
): Promise<boolean> {
  const factor = size / equivalentSide(face);
  const scaled = resize(picture, factor);
  const left = Math.round(canvas.width / 2 - ((face.x1 + face.x2) / 2) * factor);
  const top = Math.round(canvas.height / 2 - ((face.y1 + face.y2) / 2) * factor);
  paste(scaled, canvas, left, top);
  const visible = {
    x1: Math.max(0, face.x1 * factor + left),
    y1: Math.max(0, face.y1 * factor + top),
    x2: Math.min(canvas.width, face.x2 * factor + left),
    y2: Math.min(canvas.height, face.y2 * factor + top),
  };
  return (await detect(canvas)).some(({ box }) => iou(box, visible) >= 0.5);
}

/** Background number `n`, enlarged to fill so many pixels; what is too much is cut off on both sides. */
function cover(all: readonly GrayImage[], n: number, width: number, height: number): GrayImage {
  const from = all[n % all.length]!;
  const scaled = resize(from, Math.max(width / from.width, height / from.height) + 0.002);
  const canvas = { pixels: new Uint8Array(width * height), width, height };
  paste(scaled, canvas, (width - scaled.width) >> 1, (height - scaled.height) >> 1);
  return canvas;
}

function resize(picture: GrayImage, factor: number): GrayImage {
  if (factor >= 1) return upscale(picture, factor);
  const times = Math.ceil(1 / factor);
  return downscale(upscale(picture, factor * times), times);
}

function paste(from: GrayImage, onto: GrayImage, left: number, top: number): void {
  const [first, end] = [Math.max(0, -left), Math.min(from.width, onto.width - left)];
  for (let y = Math.max(0, -top); y < Math.min(from.height, onto.height - top); y++) {
    const row = from.pixels.subarray(y * from.width + first, y * from.width + end);
    onto.pixels.set(row, (y + top) * onto.width + left + first);
  }
}

/** The gray pictures of a part, in the order of their names. */
function pictures(kind: keyof typeof SHARES): GrayImage[] {
  const folder = mkdtempSync(join(tmpdir(), 'mien-'));
  try {
    execFileSync('tar', ['-xf', join(data!, `${kind}.tar`), '-C', folder, '--strip-components=1']);
    const names = readdirSync(folder).filter((name) => isPart(kind, name));
    return names.sort().flatMap((name) => gray(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isPart(kind: keyof typeof SHARES, name: string): boolean {
  const { heldOut, tuning } = SHARES[kind];
  const digest = createHash('sha1').update(name).digest('hex');
  const place = Number(BigInt(`0x${digest}`) % 100n) - heldOut;
  return part === 'tuning' ? place >= 0 && place < tuning : place < 0;
}

/** None if ffmpeg cannot read it. */
function gray(path: string): GrayImage[] {
  const args = ['-v', 'quiet', '-i', path, '-frames:v', '1', '-pix_fmt', 'gray', '-c:v', 'pgm'];
  try {
    const pgm = execFileSync('ffmpeg', [...args, '-f', 'image2pipe', '-'], { maxBuffer: 1 << 28 });
    const [head = '', width, height] =
      /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pgm.toString('latin1', 0, 64)) ?? [];
    return [
      { pixels: new Uint8Array(pgm.subarray(head.length)), width: Number(width), height: Number(height) },
    ];
  } catch {
    return [];
  }
}
