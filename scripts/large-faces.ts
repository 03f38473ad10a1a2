/**
 * How large a face may be and still be found, by the detector as the server runs it:
 *
 *     npx tsx scripts/large-faces.ts DATA [tuning]
 *
 * DATA holds `faces.tar` and `backgrounds.tar` of the training. Photos that training never saw (`split` in
 * models/training/splits.py) are enlarged until their largest face has each of SIZES, in the middle of a background
 * that fills the picture. Counted are the faces that are found at 128 px there; of the backgrounds alone, sure faces. Some
 * backgrounds hold people, so only the difference between two versions of the detector tells of false ones.
 */
import '../src/no-telemetry.ts';

import type { Detection } from '../src/vision/detection/detected-face.ts';
import { Detector } from '../src/vision/detection/detector.ts';
import { equivalentSide, iou, type Rect } from '../src/vision/image/geometry.ts';
import type { GrayImage } from '../src/vision/image/gray-image.ts';
import { readModels } from '../src/vision/models/model-manifest.ts';
import { openModels } from '../src/vision/runtime/open-models.ts';
import { paste, pictures, resize } from './photos.ts';

const SIZES = [128, 256, 384, 448, 512, 600];
const CANVASES = [
  [640, 640],
  [640, 360],
] as const;
const [data, tuning] = process.argv.slice(2);
const part = tuning === 'tuning' ? 'tuning' : 'held-out';
if (data === undefined) throw new Error('npx tsx scripts/large-faces.ts DATA [tuning]');
const models = await readModels(new URL('../models', import.meta.url).pathname);
const session = (await openModels(models, 'cpu', 1)).detector;
const sure = models.detector.thresholds.score;
// onnxruntime takes no shared memory.
const run: typeof session.run = ({ data, dims }) => session.run({ data: new Uint8Array(data), dims });
const detector = new Detector({ run }, models.detector, sure);

const backgrounds = pictures(data, 'backgrounds', part);
const photos: { picture: GrayImage; face: Rect }[] = [];
for (const picture of pictures(data, 'faces', part)) {
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
