/**
 * The face crop that every network sees; `models/training/crop.py` is the same rule for training. Five
 * landmarks are brought onto the card's template by a similarity; each crop pixel is the mean of k x k
 * bilinear samples spread evenly over its footprint, with k = clamp(ceil(source pixels per crop pixel /
 * 1.5), 1, supersampling); pixels outside the image repeat its border.
 */
import { invert, mapPoints, type Similarity, scaleOf } from './geometry.ts';
import type { GrayImage } from './gray-image.ts';

/** Greatest distance of two samples, in source pixels: a bilinear sample covers two, so none is skipped. */
const MAX_SAMPLE_DISTANCE = 1.5;

/**
 * Cuts a `size` x `size` gray crop out of `image` into `out` from `offset` on.
 * @param toCrop from the image's coordinates to the crop's, both in pixels
 * @param supersampling greatest number of samples per crop pixel, in each direction
 * @throws RangeError where `toCrop` cannot be inverted
 */
export function cropFace(
  image: GrayImage,
  toCrop: Similarity,
  size: number,
  supersampling: number,
  out: Uint8Array,
  offset = 0,
): void {
  const back = invert(toCrop);
  const k = Math.min(supersampling, Math.max(1, Math.ceil(scaleOf(back) / MAX_SAMPLE_DISTANCE)));
  if (!Number.isFinite(k)) throw new RangeError('a crop needs a similarity that can be inverted');
  const sample = isInside(image, back, size) ? sampleInside : sampleAnywhere;
  sample(image, back, size, k, out, offset);
}

/** Greatest side of an image whose coordinates in 65536ths of a pixel fit 32 bits. */
const MAX_FIXED_POINT_SIDE = 1 << 15;

/** Whether every sample has its four neighbours within the image. */
function isInside({ width, height }: GrayImage, back: Similarity, size: number): boolean {
  if (Math.max(width, height) > MAX_FIXED_POINT_SIDE) return false;
  const corners = mapPoints(back, [0, 0, size, 0, 0, size, size, size]);
  return corners.every((v, i) => v >= 0.5 && v < (i % 2 === 0 ? width : height) - 0.5);
}

/**
 * As `sampleAnywhere`, for most faces: without care for the border, a row of samples at a time, and in whole numbers, in
 * half of the time. Coordinates are in 65536ths of a pixel and the neighbours' weights in 256ths, which changes a pixel of
 * the crop by less than one gray value.
 */
function sampleInside(
  image: GrayImage,
  { a, b, tx, ty }: Similarity,
  size: number,
  k: number,
  out: Uint8Array,
  offset: number,
): void {
  const step = 1 / k;
  const share = 1 / (k * k * 256);
  const stepX = Math.round(a * step * 65536) | 0;
  const stepY = Math.round(b * step * 65536) | 0;
  const sums = new Int32Array(size);
  let at = offset;
  for (let row = 0; row < size; row++) {
    sums.fill(0);
    for (let i = 0; i < k; i++) {
      const cx = 0.5 * step;
      const cy = row + (i + 0.5) * step;
      const x = ((a * cx - b * cy + tx - 0.5) * 65536) | 0;
      const y = ((b * cx + a * cy + ty - 0.5) * 65536) | 0;
      addSamples(image, x, y, stepX, stepY, k, sums);
    }
    for (let column = 0; column < size; column++) out[at++] = sums[column]! * share + 0.5;
  }
}

/** Adds a row of samples, `k` of which follow each other in each crop pixel, to the sums of the crop's row. */
function addSamples(
  { pixels, width }: GrayImage,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  k: number,
  sums: Int32Array,
): void {
  for (let column = 0; column < sums.length; column++) {
    let total = 0;
    for (let j = 0; j < k; j++) {
      const upper = ((y >> 16) * width + (x >> 16)) | 0;
      const lower = (upper + width) | 0;
      const fx = (x >> 8) & 255;
      const p = pixels[upper]!;
      const q = pixels[lower]!;
      const top = (p << 8) + (pixels[(upper + 1) | 0]! - p) * fx;
      const bottom = (q << 8) + (pixels[(lower + 1) | 0]! - q) * fx;
      total = (total + (((top << 8) + (bottom - top) * ((y >> 8) & 255)) >> 8)) | 0;
      x = (x + stepX) | 0;
      y = (y + stepY) | 0;
    }
    sums[column]! += total;
  }
}

/** Samples a face that reaches beyond the image's border. */
function sampleAnywhere(
  image: GrayImage,
  { a, b, tx, ty }: Similarity,
  size: number,
  k: number,
  out: Uint8Array,
  offset: number,
): void {
  const step = 1 / k;
  const share = step * step;
  let at = offset;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let total = 0;
      for (let i = 0; i < k; i++) {
        const cy = row + (i + 0.5) * step;
        for (let j = 0; j < k; j++) {
          const cx = column + (j + 0.5) * step;
          total += sampleClamped(image, a * cx - b * cy + tx - 0.5, b * cx + a * cy + ty - 0.5);
        }
      }
      out[at++] = total * share + 0.5;
    }
  }
}

/** The bilinear sample at a place, or at the nearest one within the image. */
function sampleClamped({ pixels, width, height }: GrayImage, placeX: number, placeY: number): number {
  const x = Math.min(Math.max(placeX, 0), width - 1);
  const y = Math.min(Math.max(placeY, 0), height - 1);
  const x0 = Math.min(x | 0, Math.max(width - 2, 0));
  const y0 = Math.min(y | 0, Math.max(height - 2, 0));
  const upper = y0 * width + x0;
  const right = x0 < width - 1 ? 1 : 0;
  const lower = y0 < height - 1 ? upper + width : upper;
  const fx = x - x0;
  const p = pixels[upper]!;
  const q = pixels[lower]!;
  const top = p + (pixels[upper + right]! - p) * fx;
  const bottom = q + (pixels[lower + right]! - q) * fx;
  return top + (bottom - top) * (y - y0);
}
