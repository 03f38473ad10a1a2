/** Pixels laid out as the models take them, in memory of the caller. */
import type { GrayImage } from './gray-image.ts';

/** `value` rounded up to a multiple of `step`, at least one step. */
export function roundUpToMultiple(value: number, step: number): number {
  return Math.max(step, Math.ceil(value / step) * step);
}

/**
 * Writes an image into a batch [N, channels, height, width] at `offset`; the area below and to the right of it repeats
 * the image's border. With three channels, gray in each.
 */
export function writePadded(
  image: GrayImage,
  out: Uint8Array,
  offset: number,
  width: number,
  height: number,
  channels: 1 | 3,
): void {
  const { pixels } = image;
  for (let y = 0; y < height; y++) {
    const source = Math.min(y, image.height - 1) * image.width;
    const target = offset + y * width;
    out.set(pixels.subarray(source, source + image.width), target);
    if (image.width < width) {
      out.fill(pixels[source + image.width - 1]!, target + image.width, target + width);
    }
  }
  repeatChannels(out, offset, width * height, channels);
}

/** Copies the first channel of an image at `offset`, `plane` bytes, into its other channels. */
export function repeatChannels(out: Uint8Array, offset: number, plane: number, channels: 1 | 3): void {
  for (let c = 1; c < channels; c++) out.copyWithin(offset + c * plane, offset, offset + plane);
}
