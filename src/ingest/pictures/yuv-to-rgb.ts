/** Red, green and blue of luma and chroma in full range, by ITU-R BT.601, BT.709 or BT.2020 (non-constant luminance). */
import type { ColourMatrix } from '../../domain/frame.ts';

export interface Planes {
  width: number;
  height: number;
  luma: Uint8Array;
  /** Half as wide and high, rounded up. */
  blueDifference: Uint8Array;
  redDifference: Uint8Array;
}

/** How much of luma is red, and how much blue; the rest is green. */
const LUMA_OF: Readonly<Record<ColourMatrix, { red: number; blue: number }>> = {
  bt601: { red: 0.299, blue: 0.114 },
  bt709: { red: 0.2126, blue: 0.0722 },
  bt2020: { red: 0.2627, blue: 0.0593 },
};

/** @returns three bytes a pixel, row by row; each of chroma stands for four of them */
export function rgbOf(planes: Planes, matrix: ColourMatrix): Uint8ClampedArray {
  const { width, height, luma, blueDifference, redDifference } = planes;
  const { red, blue } = LUMA_OF[matrix];
  const [ofRed, ofBlue, green] = [2 * (1 - red), 2 * (1 - blue), 1 - red - blue];
  const rgb = new Uint8ClampedArray(width * height * 3);
  const across = Math.ceil(width / 2);
  for (let y = 0, at = 0; y < height; y++) {
    const row = (y >> 1) * across;
    for (let x = 0; x < width; x++, at++) {
      const cr = redDifference[row + (x >> 1)]! - 128;
      const cb = blueDifference[row + (x >> 1)]! - 128;
      const value = luma[at]!;
      rgb[3 * at] = value + ofRed * cr;
      rgb[3 * at + 1] = value - (red * ofRed * cr + blue * ofBlue * cb) / green;
      rgb[3 * at + 2] = value + ofBlue * cb;
    }
  }
  return rgb;
}
