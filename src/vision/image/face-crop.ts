/**
 * The face crop that every network sees; `models/training/crop.py` is the same rule for training. Five
 * landmarks are brought onto the card's template by a similarity; each crop pixel is the mean of k x k
 * bilinear samples spread evenly over its footprint, with k = clamp(ceil(source pixels per crop pixel /
 * 1.5), 1, supersampling); pixels outside the picture repeat its border.
 */
import { invert, mapPoints, type Similarity, scaleOf } from './geometry.ts';

/** Source pixels from one sample to the next, at most: a bilinear sample reaches two far, so none is skipped. */
const APART = 1.5;

/** A gray picture: `width * height` bytes, row by row. */
export interface Picture {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/**
 * Cuts a `size` x `size` gray crop out of `picture` into `out` from `offset` on.
 * `toCrop` maps picture coordinates to crop coordinates, both in pixels.
 */
export function cut(
  picture: Picture,
  toCrop: Similarity,
  size: number,
  supersampling: number,
  out: Uint8Array,
  offset = 0,
): void {
  const back = invert(toCrop);
  const k = Math.min(supersampling, Math.max(1, Math.ceil(scaleOf(back) / APART)));
  if (!Number.isFinite(k)) throw new RangeError('a crop needs a similarity that can be inverted');
  const sample = liesWithin(picture, back, size) ? sampleInside : sampleAnywhere;
  sample(picture, back, size, k, out, offset);
}

/** Pictures whose places in 65536ths of a pixel fit 32 bits. */
const WIDEST = 1 << 15;

/** Whether every sample has its four neighbours within the picture. */
function liesWithin({ width, height }: Picture, back: Similarity, size: number): boolean {
  if (Math.max(width, height) > WIDEST) return false;
  const corners = mapPoints(back, [0, 0, size, 0, 0, size, size, size]);
  return corners.every((v, i) => v >= 0.5 && v < (i % 2 === 0 ? width : height) - 0.5);
}

/**
 * As `sampleAnywhere`, for most faces: without the border's care, a row of samples at a time, and in whole numbers, in
 * half of the time. Places are in 65536ths of a pixel and the neighbours' weights in 256ths, which moves a pixel of
 * the crop by less than one gray value.
 */
function sampleInside(
  { pixels, width }: Picture,
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
      let x = ((a * cx - b * cy + tx - 0.5) * 65536) | 0;
      let y = ((b * cx + a * cy + ty - 0.5) * 65536) | 0;
      for (let column = 0; column < size; column++) {
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
    for (let column = 0; column < size; column++) out[at++] = sums[column]! * share + 0.5;
  }
}

/** One pass over the crop; plain numbers and typed arrays only, because this runs for every pixel of every face. */
function sampleAnywhere(
  { pixels, width, height }: Picture,
  { a, b, tx, ty }: Similarity,
  size: number,
  k: number,
  out: Uint8Array,
  offset: number,
): void {
  const [lastX, lastY] = [width - 1, height - 1];
  const [maxX0, maxY0] = [Math.max(width - 2, 0), Math.max(height - 2, 0)];
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
          let x = a * cx - b * cy + tx - 0.5;
          let y = b * cx + a * cy + ty - 0.5;
          x = Math.min(Math.max(x, 0), lastX);
          y = Math.min(Math.max(y, 0), lastY);
          let x0 = x | 0;
          if (x0 > maxX0) x0 = maxX0;
          let y0 = y | 0;
          if (y0 > maxY0) y0 = maxY0;
          const upper = y0 * width + x0;
          const right = x0 < lastX ? 1 : 0;
          const lower = y0 < lastY ? upper + width : upper;
          const fx = x - x0;
          const p = pixels[upper]!;
          const q = pixels[lower]!;
          const top = p + (pixels[upper + right]! - p) * fx;
          const bottom = q + (pixels[lower + right]! - q) * fx;
          total += top + (bottom - top) * (y - y0);
        }
      }
      out[at++] = total * share + 0.5;
    }
  }
}
