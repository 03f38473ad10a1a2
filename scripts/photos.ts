/** Photos and backgrounds of the training's data, as gray pictures, for scripts that try the detector on them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Detector } from '../src/vision/detection/detector.ts';
import type { GrayImage } from '../src/vision/image/gray-image.ts';
import { downscale, upscale } from '../src/vision/image/resize.ts';
import { readModels } from '../src/vision/models/model-manifest.ts';
import { openModels } from '../src/vision/runtime/open-models.ts';

/** Per cent, as in `models/training/splits.py`. */
const SHARES = { faces: { heldOut: 10, tuning: 8 }, backgrounds: { heldOut: 20, tuning: 12 } };

type Part = 'held-out' | 'tuning';

/** The shipped one, as the server runs it, on one thread of the CPU. */
export async function openDetector(): Promise<Detector> {
  const models = await readModels(new URL('../models', import.meta.url).pathname);
  const session = (await openModels(models, 'cpu', 1)).detector;
  // onnxruntime takes no shared memory.
  const run: typeof session.run = ({ data, dims }) => session.run({ data: new Uint8Array(data), dims });
  return new Detector({ run }, models.detector, models.detector.thresholds.score);
}

/** The gray pictures of a part of `kind`.tar in the folder `data`, in the order of their names; the first `most` of them. */
export function pictures(
  data: string,
  kind: keyof typeof SHARES,
  part: Part,
  most = Number.POSITIVE_INFINITY,
): GrayImage[] {
  const folder = mkdtempSync(join(tmpdir(), 'mien-'));
  try {
    execFileSync('tar', ['-xf', join(data, `${kind}.tar`), '-C', folder, '--strip-components=1']);
    const names = readdirSync(folder).filter((name) => isPart(kind, name, part));
    const first = names.sort().slice(0, most);
    return first.flatMap((name) => gray(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isPart(kind: keyof typeof SHARES, name: string, part: Part): boolean {
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

/** The picture made larger or smaller by any factor. */
export function resize(picture: GrayImage, factor: number): GrayImage {
  if (factor >= 1) return upscale(picture, factor);
  const times = Math.ceil(1 / factor);
  return downscale(upscale(picture, factor * times), times);
}

/** Copies what fits of `from`, its upper left corner at (left, top) of `onto`. */
export function paste(from: GrayImage, onto: GrayImage, left: number, top: number): void {
  const [first, end] = [Math.max(0, -left), Math.min(from.width, onto.width - left)];
  for (let y = Math.max(0, -top); y < Math.min(from.height, onto.height - top); y++) {
    const row = from.pixels.subarray(y * from.width + first, y * from.width + end);
    onto.pixels.set(row, (y + top) * onto.width + left + first);
  }
}
