/**
 * Whether faces are found in dark pictures, by the detector as the server runs it:
 *
 *     npx tsx scripts/dark-faces.ts DATA [tuning]
 *
 * DATA holds `faces.tar` and `backgrounds.tar` of the training. Each of the first PHOTOS photos that training never saw, and in
 * which a face is found as it is, is shown in a tenth to a third of its light, with the noise that a camera then has, fine or of
 * 2 x 2 pixels. Counted are the largest faces that are still found there, and in backgrounds, as they are and as dark, the sure
 * faces. The last line is JSON.
 */
import '../src/no-telemetry.ts';

import type { Detection } from '../src/vision/detection/detected-face.ts';
import { equivalentSide, iou } from '../src/vision/image/geometry.ts';
import type { GrayImage } from '../src/vision/image/gray-image.ts';
import { seeded } from '../test/helpers/seeded.ts';
import { openDetector, pictures, resize } from './photos.ts';

const PHOTOS = 150;
const HEIGHTS = [360];
/** Pixels of the picture that share one value of the noise, on each side. */
const GRAINS = [1, 2];
const LIGHT = [0.1, 0.33] as const;

const [data, tuning] = process.argv.slice(2);
const part = tuning === 'tuning' ? 'tuning' : 'held-out';
if (data === undefined) throw new Error('npx tsx scripts/dark-faces.ts DATA [tuning]');
const detector = await openDetector();

const photos = pictures(data, 'faces', part, PHOTOS);
const backgrounds = pictures(data, 'backgrounds', part);
const report: Record<string, { shown: number; dark: number[]; strays: number[] }> = {};
for (const height of HEIGHTS) {
  const counts = { shown: 0, dark: GRAINS.map(() => 0), strays: [0, ...GRAINS.map(() => 0)] };
  for (const [seed, photo] of photos.entries()) {
    const picture = resize(photo, height / photo.height);
    const [face] = (await detect(picture)).sort((p, q) => equivalentSide(q.box) - equivalentSide(p.box));
    if (!face || equivalentSide(face.box) < 32) continue;
    counts.shown++;
    for (const [i, grain] of GRAINS.entries()) {
      const found = await detect(darkened(picture, grain, seed));
      counts.dark[i]! += Number(found.some(({ box }) => iou(box, face.box) >= 0.5));
    }
  }
  for (const [seed, background] of backgrounds.entries()) {
    const picture = resize(background, height / background.height);
    const shown = [picture, ...GRAINS.map((grain) => darkened(picture, grain, seed))];
    for (const [i, each] of shown.entries()) counts.strays[i]! += (await detect(each)).length;
  }
  report[height] = counts;
  console.log(`${height} px high: ${JSON.stringify(counts)}`);
}
console.log(JSON.stringify({ grains: GRAINS, backgrounds: backgrounds.length, heights: report }));
process.exit(0);

async function detect(picture: GrayImage): Promise<Detection[]> {
  return (await detector.detect([picture]))[0]!;
}

/** In a tenth to a third of the light, with the noise of models/training/shift.py; the same for the same seed. */
function darkened({ pixels, width, height }: GrayImage, grain: number, seed: number): GrayImage {
  const random = seeded(seed);
  const light = LIGHT[0] + (LIGHT[1] - LIGHT[0]) * random();
  const columns = Math.ceil(width / grain);
  const noise = Float32Array.from({ length: columns * Math.ceil(height / grain) }, () => normal(random));
  const dark = pixels.map((luma, at) => {
    const level = luma * light;
    const [x, y] = [at % width, Math.floor(at / width)];
    const chance = noise[Math.floor(y / grain) * columns + Math.floor(x / grain)]!;
    return Math.min(Math.max(Math.round(level + chance * Math.sqrt(2 + 0.15 * level)), 0), 255);
  });
  return { pixels: dark, width, height };
}

/** By Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
