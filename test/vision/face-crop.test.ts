import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cropFace } from '../../src/vision/image/face-crop.ts';
import { fitSimilarity, invert, mapPoints, type Similarity } from '../../src/vision/image/geometry.ts';
import type { GrayImage } from '../../src/vision/image/gray-image.ts';
import { randomFrom } from '../helpers/moments.ts';

interface Case {
  name: string;
  width: number;
  height: number;
  pixels: string;
  size: number;
  five: number[];
  matrix: [number, number, number, number, number, number];
  crop: string;
  cropPoints: number[];
  picturePoints: number[];
}

/** Written by models/training/crop.py. */
const fixture: { template: number[]; cases: Case[] } = JSON.parse(
  readFileSync(new URL('../fixtures/crop-parity.json', import.meta.url), 'utf8'),
);
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

describe('cropFace', () => {
  it.each(fixture.cases)('the crop is the one that training sees: $name', (c) => {
    const toCrop = fitSimilarity(
      c.five,
      fixture.template.map((v) => v * c.size),
    )!;
    const [a, minusB, tx, b, , ty] = c.matrix;
    expect(toCrop.a).toBeCloseTo(a, 9);
    expect(toCrop.b).toBeCloseTo(b, 9);
    expect(toCrop.b).toBeCloseTo(-minusB, 9);
    expect(toCrop.tx).toBeCloseTo(tx, 7);
    expect(toCrop.ty).toBeCloseTo(ty, 7);
    mapPoints(invert(toCrop), c.cropPoints).forEach((v, i) => {
      expect(v).toBeCloseTo(c.picturePoints[i]!, 6);
    });

    const out = new Uint8Array(c.size ** 2 + 2).fill(7);
    cropFace({ pixels: bytes(c.pixels), width: c.width, height: c.height }, toCrop, c.size, 8, out, 1);
    const expected = bytes(c.crop);
    const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - out[i + 1]!)), 0);
    expect(worst).toBeLessThanOrEqual(1);
    expect([out[0], out.at(-1)]).toEqual([7, 7]);
  });

  it.each([
    ['in the middle', 60, 45],
    ['at the left border', 4, 45],
    ['at the right border', 116, 45],
    ['at the upper border', 60, 4],
    ['at the lower border', 60, 86],
  ] as const)('each pixel of a crop is the mean of samples that lie evenly in it: %s', (_, x, y) => {
    const random = randomFrom(x + y);
    const image = {
      pixels: Uint8Array.from({ length: 120 * 90 }, () => 256 * random()),
      ...{ width: 120, height: 90 },
    };
    for (const [scale, turn, samples] of [
      [0.6, 0.3, 1],
      [2.2, -0.4, 2],
      [4.4, 2.5, 3],
      [7.4, 0.1, 4],
    ] as const) {
      const [a, b] = [scale * Math.cos(turn), scale * Math.sin(turn)];
      const back = { a, b, tx: x - 4 * a + 4 * b, ty: y - 4 * b - 4 * a };
      const out = new Uint8Array(64);
      cropFace(image, invert(back), 8, 4, out);
      const differences = meansOf(image, back, 8, samples).map((mean, at) => out[at]! - mean);
      // Half a gray value of rounding, and less than one of fixed-point arithmetic.
      expect(Math.max(...differences.map(Math.abs))).toBeLessThan(1.5);
      expect(Math.abs(differences.reduce((sum, value) => sum + value, 0) / 64)).toBeLessThan(0.25);
    }
  });

  it('a crop by a similarity that cannot be inverted is refused', () => {
    const picture = { pixels: new Uint8Array(4), width: 2, height: 2 };
    expect(() => cropFace(picture, { a: 0, b: 0, tx: 1, ty: 1 }, 4, 8, new Uint8Array(16))).toThrow(
      RangeError,
    );
  });
});

/** Of a crop, as it is defined: `samples` x `samples` bilinear ones in each pixel, the border repeated. */
function meansOf({ pixels, width, height }: GrayImage, back: Similarity, size: number, samples: number) {
  const clamped = (x: number, y: number) =>
    pixels[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!;
  const bilinear = (x: number, y: number) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - left, y - top];
    const row = (at: number) => clamped(left, at) * (1 - fx) + clamped(left + 1, at) * fx;
    return row(top) * (1 - fy) + row(top + 1) * fy;
  };
  return Array.from({ length: size * size }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < samples * samples; i++) {
      const x = (at % size) + ((i % samples) + 0.5) / samples;
      const y = Math.floor(at / size) + (Math.floor(i / samples) + 0.5) / samples;
      const [px, py] = mapPoints(back, [x, y]) as unknown as [number, number];
      sum += bilinear(px - 0.5, py - 0.5);
    }
    return sum / samples ** 2;
  });
}
