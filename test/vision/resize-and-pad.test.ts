import { describe, expect, it } from 'vitest';
import { createSharedBufferPool } from '../../src/vision/image/buffer-pool.ts';
import { roundUpToMultiple, writePadded } from '../../src/vision/image/model-input.ts';
import { addBorder, cropImage, downscale, upscale } from '../../src/vision/image/resize.ts';

const picture = { pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]), width: 3, height: 2 };

describe('pixels for a model', () => {
  it('a size is rounded up to a multiple, to one step at least', () => {
    expect([0, 1, 32, 33].map((v) => roundUpToMultiple(v, 32))).toEqual([32, 32, 32, 64]);
  });

  it('a padded image repeats its border below and to the right', () => {
    const out = new Uint8Array(1 + 12);
    writePadded(picture, out, 1, 4, 3, 1);
    expect([...out]).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6]);
  });

  it('colour models are given gray in every channel', () => {
    const out = new Uint8Array(20);
    writePadded(picture, out, 1, 3, 2, 3);
    expect([...out]).toEqual([0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 0]);
  });

  it('a downscaled image holds means', () => {
    const four = { pixels: Uint8Array.from([0, 10, 20, 20, 2, 4, 20, 21]), width: 4, height: 2 };
    expect(downscale(four, 2)).toEqual({ pixels: Uint8Array.from([4, 20]), width: 2, height: 1 });
    expect(downscale(four, 1)).toBe(four);
    const odd = { pixels: Uint8Array.from([0, 1, 9, 2, 4, 9, 9, 9, 9]), width: 3, height: 3 };
    expect(downscale(odd, 2)).toEqual({ pixels: Uint8Array.from([2]), width: 1, height: 1 });
    const column = { pixels: Uint8Array.from([1, 3, 9]), width: 1, height: 3 };
    expect(downscale(column, 2)).toEqual({ pixels: Uint8Array.from([2]), width: 1, height: 1 });
  });

  it.each([
    [7, 9, 2],
    [7, 9, 3],
    [12, 8, 4],
    [2, 9, 4],
  ])('each pixel of a %d x %d image downscaled by %d is the mean of a square', (width, height, factor) => {
    const pixels = Uint8Array.from({ length: width * height }, (_, at) => (at * 97 + 31) % 256);
    const [across, down] = [Math.min(factor, width), Math.min(factor, height)];
    const [w, h] = [Math.floor(width / across), Math.floor(height / down)];
    const mean = (x: number, y: number) => {
      let sum = 0;
      for (let i = 0; i < down; i++)
        for (let j = 0; j < across; j++) sum += pixels[(y * down + i) * width + x * across + j]!;
      return Math.floor(sum / (across * down) + 0.5);
    };
    const expected = Uint8Array.from({ length: w * h }, (_, at) => mean(at % w, Math.floor(at / w)));
    expect(downscale({ pixels, width, height }, factor)).toEqual({ pixels: expected, width: w, height: h });
  });

  it('a border is added on each side, and a part cut out again', () => {
    const framed = addBorder(picture, 1, 9);
    expect(framed).toEqual({
      pixels: Uint8Array.of(9, 9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 4, 5, 6, 9, 9, 9, 9, 9, 9),
      ...{ width: 5, height: 4 },
    });
    expect(cropImage(framed, 1, 1, 3, 2)).toEqual(picture);
    expect(cropImage(framed, 2, 1, 3, 3)).toEqual({
      pixels: Uint8Array.of(2, 3, 9, 5, 6, 9, 9, 9, 9),
      ...{ width: 3, height: 3 },
    });
    expect(cropImage(framed, 0, 2, 5, 1).pixels).toEqual(Uint8Array.of(9, 4, 5, 6, 9));
    expect(cropImage(framed, 0, 0, 5, 4)).toBe(framed);
  });

  it('an upscaled image lies between the four nearest pixels, and repeats the border', () => {
    const two = { pixels: Uint8Array.from([0, 100, 40, 200]), width: 2, height: 2 };
    // What OpenCV's INTER_LINEAR gives.
    expect(upscale(two, 2)).toEqual({
      pixels: Uint8Array.from([0, 25, 75, 100, 10, 39, 96, 125, 30, 66, 139, 175, 40, 80, 160, 200]),
      width: 4,
      height: 4,
    });
    expect(upscale(two, 1)).toBe(two);
    const slope = {
      pixels: Uint8Array.from({ length: 300 }, (_, i) => 2 * (i % 100)),
      width: 100,
      height: 3,
    };
    const wide = upscale(slope, 4 / 3);
    expect([wide.width, wide.height]).toEqual([133, 4]);
    for (let x = 1; x < 132; x++) {
      const between = 2 * ((x + 0.5) * (100 / 133) - 0.5);
      for (let y = 0; y < 4; y++) expect(Math.abs(wide.pixels[y * 133 + x]! - between)).toBeLessThan(0.52);
    }
  });

  it('an image that is thinner than the factor is downscaled all the same', () => {
    expect(downscale({ pixels: Uint8Array.from([9, 9, 9, 9]), width: 4, height: 1 }, 4)).toMatchObject({
      width: 1,
      height: 1,
    });
  });

  it('a pool uses shared memory again once it is released', () => {
    const pool = createSharedBufferPool();
    const first = pool.acquire(8);
    const second = pool.acquire(8);
    expect(second.buffer).not.toBe(first.buffer);
    pool.release(first);
    expect(pool.acquire(4)).toHaveLength(4);
    pool.release(second.subarray(0, 2));
    const again = pool.acquire(8);
    expect([again.length, again.buffer === second.buffer]).toEqual([8, true]);
  });
});
