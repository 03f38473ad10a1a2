import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cropFace } from '../../src/vision/image/face-crop.ts';
import { fitSimilarity, invert, mapPoints } from '../../src/vision/image/geometry.ts';

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

  it('a crop by a similarity that cannot be inverted is refused', () => {
    const picture = { pixels: new Uint8Array(4), width: 2, height: 2 };
    expect(() => cropFace(picture, { a: 0, b: 0, tx: 1, ty: 1 }, 4, 8, new Uint8Array(16))).toThrow(
      RangeError,
    );
  });
});
