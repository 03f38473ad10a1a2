import { expect, it } from 'vitest';
import { brightenDark } from '../../src/vision/image/brighten.ts';
import type { GrayImage } from '../../src/vision/image/gray-image.ts';

/** Two halves of one luma each, 16 pixels wide and high. */
function halves(left: number, right: number): GrayImage {
  const pixels = Uint8Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? left : right));
  return { pixels, width: 16, height: 16 };
}

const row = ({ pixels }: GrayImage) => [...pixels.subarray(128, 144)];

it('a dark picture is made lighter, so that what is light in it comes to 150', () => {
  expect(row(brightenDark(halves(10, 50)))).toEqual([
    ...new Array(7).fill(30),
    60,
    120,
    ...new Array(7).fill(150),
  ]);
});

it('a picture in which something is light stays as it is', () => {
  const light = halves(10, 110);
  expect(brightenDark(light)).toBe(light);
});

it('nothing is made more than eight times lighter', () => {
  expect(row(brightenDark(halves(2, 14))).at(-1)).toBe(112);
});

it('a picture of one gray, or of little noise, stays as it is: all that could be seen in it would be noise', () => {
  const noise = halves(16, 16 + 11);
  expect(brightenDark(noise)).toBe(noise);
  const seen = halves(16, 16 + 12);
  expect(brightenDark(seen)).not.toBe(seen);
});

it('a hundredth of the pixels may be lighter: a lamp in the dark', () => {
  const lamp = halves(10, 50);
  lamp.pixels.fill(255, 0, 2);
  expect(row(brightenDark(lamp)).at(-1)).toBe(150);
  lamp.pixels.fill(255, 0, 4);
  expect(brightenDark(lamp)).toBe(lamp);
});

it('noise is smoothed over its neighbours, also at the corners, and none is lighter than white', () => {
  const speckled = halves(10, 30);
  speckled.pixels[0] = 90;
  speckled.pixels[255] = 255;
  const { pixels } = brightenDark(speckled);
  // The corner counts for its neighbours outside as well: (9 x 90 + 7 x 10) / 16 is 55, five times lighter.
  expect(pixels[0]).toBe(255);
  expect(pixels[1]).toBe(Math.round((10 + (3 / 16) * 80) * 5));
  expect(pixels[255]).toBe(255);
});

it('a picture of one pixel, or one row, is taken as it is', () => {
  const one = { pixels: Uint8Array.of(20), width: 1, height: 1 };
  expect(brightenDark(one)).toBe(one);
  const line = { pixels: Uint8Array.from({ length: 8 }, (_, i) => (i < 4 ? 0 : 40)), width: 8, height: 1 };
  expect([...brightenDark(line).pixels]).toEqual([0, 0, 0, 38, 113, 150, 150, 150]);
});
