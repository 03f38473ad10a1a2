/** Pixels laid out as the models take them. All memory is handed in, so that it can be used again. */
import type { Picture } from './face-crop.ts';

/** `value` rounded up to a multiple of `step`, at least one step. */
export function roundUp(value: number, step: number): number {
  return Math.max(step, Math.ceil(value / step) * step);
}

/**
 * Writes `picture` into one image of a batch [N, C, height, width] at `offset`; the area below and to the
 * right of it repeats the picture's border. `channels` 3: gray in each.
 */
export function writePadded(
  picture: Picture,
  out: Uint8Array,
  offset: number,
  width: number,
  height: number,
  channels: 1 | 3,
): void {
  const { pixels } = picture;
  for (let y = 0; y < height; y++) {
    const source = Math.min(y, picture.height - 1) * picture.width;
    const target = offset + y * width;
    out.set(pixels.subarray(source, source + picture.width), target);
    if (picture.width < width) {
      out.fill(pixels[source + picture.width - 1]!, target + picture.width, target + width);
    }
  }
  repeatChannels(out, offset, width * height, channels);
}

/** Copies the first plane of an image into its other channels. */
export function repeatChannels(out: Uint8Array, offset: number, plane: number, channels: 1 | 3): void {
  for (let c = 1; c < channels; c++) out.copyWithin(offset + c * plane, offset, offset + plane);
}

/**
 * The picture made smaller by a whole factor, each pixel the mean of `factor` x `factor`; what is left over
 * at the right and lower border is cut off, unless nothing else is there.
 */
export function shrink(picture: Picture, factor: number): Picture {
  if (factor <= 1) return picture;
  if (factor === 2 && Math.min(picture.width, picture.height) > 1) return halve(picture);
  const [fx, fy] = [Math.min(factor, picture.width), Math.min(factor, picture.height)];
  const width = Math.floor(picture.width / fx);
  const height = Math.floor(picture.height / fy);
  const pixels = new Uint8Array(width * height);
  const sums = new Uint32Array(width);
  const half = (fx * fy) / 2;
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let i = 0; i < fy; i++) {
      let at = (y * fy + i) * picture.width;
      for (let x = 0; x < width; x++) for (let j = 0; j < fx; j++) sums[x]! += picture.pixels[at++]!;
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = (sums[x]! + half) / (fx * fy);
  }
  return { pixels, width, height };
}

/** The same for a factor of 2, in a quarter of the time. */
function halve({ pixels: from, width: stride, height: rows }: Picture): Picture {
  const [width, height] = [stride >> 1, rows >> 1];
  const pixels = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0, at = 2 * y * stride; x < width; x++, at += 2)
      pixels[out++] = (from[at]! + from[at + 1]! + from[at + stride]! + from[at + stride + 1]! + 2) >> 2;
  }
  return { pixels, width, height };
}

/**
 * The picture made larger by `factor`: each pixel lies between its four nearest (bilinear, pixel centres at halves,
 * the border repeated). Rows are widened once each, with 8 bits of fraction, and then blended in pairs.
 */
export function enlarge(picture: Picture, factor: number): Picture {
  if (factor <= 1) return picture;
  const width = Math.round(picture.width * factor);
  const height = Math.round(picture.height * factor);
  const pixels = new Uint8Array(width * height);
  const across = neighbours(picture.width, width);
  const down = neighbours(picture.height, height);
  let [upper, lower] = [new Uint16Array(width), new Uint16Array(width)];
  let [upperIs, lowerIs] = [-1, -1];
  for (let y = 0; y < height; y++) {
    const [first, second] = [down.first[y]!, down.second[y]!];
    if (first === lowerIs) [upper, lower, upperIs, lowerIs] = [lower, upper, lowerIs, upperIs];
    if (first !== upperIs) widen(picture, first, across, upper);
    if (second !== lowerIs) widen(picture, second, across, lower);
    [upperIs, lowerIs] = [first, second];
    const share = down.share[y]!;
    const rest = 256 - share;
    for (let x = 0, at = y * width; x < width; x++, at++)
      pixels[at] = (upper[x]! * rest + lower[x]! * share + 32768) >> 16;
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

function widen({ pixels, width }: Picture, row: number, across: Neighbours, out: Uint16Array): void {
  const { first, second, share } = across;
  const start = row * width;
  for (let x = 0; x < out.length; x++) {
    const part = share[x]!;
    out[x] = pixels[start + first[x]!]! * (256 - part) + pixels[start + second[x]!]! * part;
  }
}

/** Shared memory that grows to what is asked of it and is used again. */
export class Scratch {
  #free: Uint8Array[] = [];

  /** So many bytes that nobody else has, with whatever they held. */
  take(length: number): Uint8Array {
    const bytes = this.#free.pop();
    if (bytes && bytes.length >= length) return bytes.subarray(0, length);
    return new Uint8Array(new SharedArrayBuffer(length));
  }

  /** They are not needed any more. Once only. */
  give({ buffer }: Uint8Array): void {
    this.#free.push(new Uint8Array(buffer));
  }
}
