/** Gray images made smaller or larger, and cut. */
import type { GrayImage } from './gray-image.ts';

/**
 * The image made smaller by a whole factor, each pixel the mean of `factor` x `factor`; what is left over at the right
 * and lower border is cut off, unless nothing else is there.
 */
export function downscale(image: GrayImage, factor: number): GrayImage {
  if (factor <= 1) return image;
  if (factor === 2 && Math.min(image.width, image.height) > 1) return halveImage(image);
  const [fx, fy] = [Math.min(factor, image.width), Math.min(factor, image.height)];
  const width = Math.floor(image.width / fx);
  const height = Math.floor(image.height / fy);
  const pixels = new Uint8Array(width * height);
  const sums = new Uint32Array(width);
  const half = (fx * fy) / 2;
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let i = 0; i < fy; i++) {
      let at = (y * fy + i) * image.width;
      for (let x = 0; x < width; x++) for (let j = 0; j < fx; j++) sums[x]! += image.pixels[at++]!;
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = (sums[x]! + half) / (fx * fy);
  }
  return { pixels, width, height };
}

/** The same for a factor of 2, in a quarter of the time. */
function halveImage({ pixels: from, width: stride, height: rows }: GrayImage): GrayImage {
  const [width, height] = [stride >> 1, rows >> 1];
  const pixels = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0, at = 2 * y * stride; x < width; x++, at += 2)
      pixels[out++] = (from[at]! + from[at + 1]! + from[at + stride]! + from[at + stride + 1]! + 2) >> 2;
  }
  return { pixels, width, height };
}

/**
 * The image made larger by `factor`: each pixel lies between its four nearest (bilinear, pixel centres at halves,
 * the border repeated). Rows are widened once each, with 8 bits of fraction, and then blended in pairs.
 */
export function upscale(image: GrayImage, factor: number): GrayImage {
  if (factor <= 1) return image;
  const width = Math.round(image.width * factor);
  const height = Math.round(image.height * factor);
  const pixels = new Uint8Array(width * height);
  const across = neighbours(image.width, width);
  const down = neighbours(image.height, height);
  let [upper, lower] = [new Uint16Array(width), new Uint16Array(width)];
  let [upperIs, lowerIs] = [-1, -1];
  for (let y = 0; y < height; y++) {
    const [first, second] = [down.first[y]!, down.second[y]!];
    if (first === lowerIs) [upper, lower, upperIs, lowerIs] = [lower, upper, lowerIs, upperIs];
    if (first !== upperIs) widenRow(image, first, across, upper);
    if (second !== lowerIs) widenRow(image, second, across, lower);
    [upperIs, lowerIs] = [first, second];
    const share = down.share[y]!;
    const rest = 256 - share;
    for (let x = 0, at = y * width; x < width; x++, at++)
      pixels[at] = (upper[x]! * rest + lower[x]! * share + 32768) >> 16;
  }
  return { pixels, width, height };
}

/** The image with so many pixels of one gray on each side. */
export function addBorder(image: GrayImage, border: number, gray: number): GrayImage {
  const [width, height] = [image.width + 2 * border, image.height + 2 * border];
  const pixels = new Uint8Array(width * height).fill(gray);
  for (let y = 0; y < image.height; y++) {
    const row = image.pixels.subarray(y * image.width, (y + 1) * image.width);
    pixels.set(row, (y + border) * width + border);
  }
  return { pixels, width, height };
}

/** A part of an image, copied where it is not all of it. */
export function cropImage(
  image: GrayImage,
  left: number,
  top: number,
  width: number,
  height: number,
): GrayImage {
  if (width === image.width && height === image.height) return image;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * image.width + left;
    pixels.set(image.pixels.subarray(start, start + width), y * width);
  }
  return { pixels, width, height };
}

interface Neighbours {
  first: Uint32Array;
  second: Uint32Array;
  /** Of the second, in 256ths. */
  share: Uint32Array;
}

/** Between which two of `few` pixels in a row each of `many` lies. */
function neighbours(few: number, many: number): Neighbours {
  const first = new Uint32Array(many);
  const second = new Uint32Array(many);
  const share = new Uint32Array(many);
  for (let i = 0; i < many; i++) {
    const at = Math.min(Math.max(((i + 0.5) * few) / many - 0.5, 0), few - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i]! + 1, few - 1);
    share[i] = Math.round((at - first[i]!) * 256);
  }
  return { first, second, share };
}

function widenRow({ pixels, width }: GrayImage, row: number, across: Neighbours, out: Uint16Array): void {
  const { first, second, share } = across;
  const start = row * width;
  for (let x = 0; x < out.length; x++) {
    const part = share[x]!;
    out[x] = pixels[start + first[x]!]! * (256 - part) + pixels[start + second[x]!]! * part;
  }
}
