/** Dark pictures in more light. */
import type { GrayImage } from './gray-image.ts';

/** Luma that all pixels but a hundredth are below, in a dark picture; and what it comes to in more light. */
const DARK = 110;
const LIGHT = 150;
/** How much lighter it is made at most: what is darker still is noise. */
const MOST = 8;
/** Luma between the darkest and the lightest hundredth below which all that a dark picture shows may be noise. */
const SPREAD = 12;

/**
 * The picture as if there had been more light, its noise smoothed over 3 x 3 pixels; the same picture if it is not dark, or nothing
 * is to be seen in it. Where all is black but a lamp, it is not dark.
 */
export function brightenDark(image: GrayImage): GrayImage {
  const { darkest, lightest } = extremes(image.pixels);
  if (lightest >= DARK || lightest - darkest < SPREAD) return image;
  const factor = Math.min(MOST, LIGHT / lightest);
  const { width, height } = image;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const [above, below] = [Math.max(y - 1, 0) * width, Math.min(y + 1, height - 1) * width];
    const column = (x: number) =>
      image.pixels[above + x]! + 2 * image.pixels[y * width + x]! + image.pixels[below + x]!;
    let [left, middle] = [column(0), column(0)];
    for (let x = 0; x < width; x++) {
      const right = column(Math.min(x + 1, width - 1));
      pixels[y * width + x] = Math.min(Math.round(((left + 2 * middle + right) * factor) / 16), 255);
      [left, middle] = [middle, right];
    }
  }
  return { pixels, width, height };
}

/** Luma of the darkest and of the lightest pixel when a hundredth at either end is left out. */
function extremes(pixels: Uint8Array): { darkest: number; lightest: number } {
  const counts = new Uint32Array(256);
  for (const luma of pixels) counts[luma]!++;
  const left = Math.floor(pixels.length / 100);
  let [darkest, lightest] = [0, 255];
  for (let seen = counts[0]!; seen <= left; ) seen += counts[++darkest]!;
  for (let seen = counts[255]!; seen <= left; ) seen += counts[--lightest]!;
  return { darkest, lightest };
}
