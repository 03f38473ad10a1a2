/** Pixels laid out as the models take them. All memory is handed in, so that it can be used again. */
import type { Picture } from './crop.ts';

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
