import { expect, test } from 'vitest';
import { createBufferPool } from '../../src/ingest/frames/buffer-pool.ts';
import { FrameAssembler } from '../../src/ingest/frames/frame-assembler.ts';

const stamp = (pts: number | null) => ({ pts, width: 3, height: 2 });
const numbered = (n: number, pts = n) => ({ n, ...stamp(pts) });
const assembling = () => new FrameAssembler(createBufferPool(), 640);
const bytes = (...values: number[]) => Uint8Array.from(values);

test('frames are cut from chunks of any size, and wait for their stamps', () => {
  const assembler = assembling();
  assembler.addBytes(bytes(1, 2));
  expect(assembler.awaitsStamp).toBe(true);
  expect(assembler.nextFrame()).toBeNull();
  assembler.addStamp(numbered(0));
  expect(assembler.nextFrame()).toBeNull();
  expect(assembler.awaitsStamp).toBe(false);
  assembler.addStamp(numbered(1));
  assembler.addBytes(bytes(3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21));
  expect(assembler.nextFrame()).toEqual({ pixels: bytes(1, 2, 3, 4, 5, 6), stamp: stamp(0) });
  expect(assembler.nextFrame()).toEqual({ pixels: bytes(11, 12, 13, 14, 15, 16), stamp: stamp(1) });
  expect(assembler.nextFrame()).toBeNull();
  expect(assembler.awaitsStamp).toBe(true);
});

/** What comes of frames of one value each, as many as there are values. */
const frames = (assembler: FrameAssembler, ...values: number[]) => {
  for (const value of values) assembler.addBytes(new Uint8Array(6).fill(value));
  const all: [number, number | null][] = [];
  for (let next = assembler.nextFrame(); next; next = assembler.nextFrame())
    all.push([next.pixels[0]!, next.stamp.pts]);
  return all;
};

test('a frame whose stamp was lost does not displace the stamps of others', () => {
  const assembler = assembling();
  for (const n of [1, 2, 5]) assembler.addStamp(numbered(n, 100 * n));
  expect(frames(assembler, 10, 11, 12, 13, 14, 15)).toEqual([
    ...[
      [10, null],
      [11, 100],
      [12, 200],
    ],
    ...[
      [13, null],
      [14, null],
      [15, 500],
    ],
  ]);
});

test('frames are numbered anew when ffmpeg rebuilds its filters, whether it says so or not', () => {
  const assembler = assembling();
  for (const n of [0, 1, 0, 2]) assembler.addStamp(numbered(n));
  assembler.restartNumbering();
  assembler.addStamp(numbered(4));
  expect(frames(assembler, ...Array(9).keys()).map(([, pts]) => pts)).toEqual([
    ...[0, 1, 0, null, 2],
    ...[null, null, null, null],
  ]);
  expect(frames(assembler, 9)).toEqual([[9, 4]]);
});

test('frames without a stamp are dropped once there are no more stamps, those with one are not', () => {
  const assembler = assembling();
  assembler.addStamp(numbered(0));
  assembler.endStamps();
  expect(frames(assembler, 10, 11, 12)).toEqual([[10, 0]]);
  expect(frames(assembler, 13)).toEqual([]);
  expect(assembler.awaitsStamp).toBe(false);
});

test.each([
  ['none at all', { width: 0, height: 2 }],
  ['more than were asked for', { width: 999_999, height: 999_999 }],
  ['one too many', { width: 641, height: 2 }],
])('a stamp of %s pixels is an error, before a buffer is acquired for it', (_, size) => {
  expect(() => assembling().addStamp({ ...numbered(0), ...size })).toThrow('was not asked for');
});

test('too many missing stamps in a row are an error', () => {
  expect(() => assembling().addStamp(numbered(999_999))).toThrow('999999 frames in a row');
});

test('the buffer of a released frame is reused, that of a kept one is not', () => {
  const pool = createBufferPool();
  const assembler = new FrameAssembler(pool, 640);
  const next = (value: number) => {
    assembler.addStamp(numbered(value - 1, value));
    assembler.addBytes(new Uint8Array(6).fill(value));
    return assembler.nextFrame()!.pixels;
  };
  const [kept, released] = [next(1), next(2)];
  pool.release(released);
  expect(next(3)).toBe(released);
  expect([...next(4), ...released, ...kept]).toEqual([4, 3, 1].flatMap((value) => Array(6).fill(value)));
  pool.release(released);
  expect(pool.acquire(7)).toHaveLength(7);
  expect(pool.acquire(6)).not.toBe(released);
});
