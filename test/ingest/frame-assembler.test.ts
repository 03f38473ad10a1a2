import { expect, test } from 'vitest';
import { FrameAssembler } from '../../src/ingest/frames/frame-assembler.ts';
import { createFramePool } from '../../src/ingest/frames/frame-pool.ts';

const stamp = (pts: number | null) => ({ pts, width: 3, height: 2 });
const numbered = (n: number, pts = n) => ({ n, ...stamp(pts) });
const LIMITS = { longerSide: 640, maxPixels: 640 * 480 };
const assembling = () => new FrameAssembler(createFramePool(), LIMITS);
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
  ['a row too many in all', { width: 640, height: 481 }],
])('a stamp of %s pixels is an error, before a buffer is acquired for it', (_, size) => {
  expect(() => assembling().addStamp({ ...numbered(0), ...size })).toThrow('was not asked for');
});

test('frames come in the size of their own stamp', () => {
  const assembler = assembling();
  for (const [n, width, height] of [
    [0, 3, 2],
    [1, 1, 1],
    [2, 2, 4],
  ] as const)
    assembler.addStamp({ n, pts: n, width, height });
  assembler.addBytes(bytes(1, 2, 3, 4, 5, 6, 11, 21, 22, 23, 24));
  assembler.addBytes(bytes(25, 26, 27, 28));
  const pixels = [1, 2, 3].map(() => [...assembler.nextFrame()!.pixels]);
  expect(pixels).toEqual([[1, 2, 3, 4, 5, 6], [11], [21, 22, 23, 24, 25, 26, 27, 28]]);
  assembler.endStamps();
  expect([assembler.nextFrame(), assembler.leftover]).toEqual([null, null]);
});

test('frames that come on a canvas are cut out of its upper left', () => {
  const assembler = new FrameAssembler(createFramePool(), { longerSide: 3, maxPixels: 9, onCanvas: true });
  assembler.addStamp({ n: 0, pts: 0, width: 2, height: 2 });
  assembler.addStamp({ n: 1, pts: 1, width: 1, height: 3 });
  assembler.addBytes(bytes(1, 2, 0, 3, 4, 0, 0, 0, 0, 5, 0, 0, 6, 0));
  expect([...assembler.nextFrame()!.pixels]).toEqual([1, 2, 3, 4]);
  expect(assembler.nextFrame()).toBeNull();
  assembler.addBytes(bytes(0, 7, 0, 0));
  expect([...assembler.nextFrame()!.pixels]).toEqual([5, 6, 7]);
});

test('a frame of which fewer bytes came than its stamp says, or more, is an error at the end', () => {
  for (const [count, wrong] of [
    [5, true],
    [6, false],
    [7, true],
    [12, true],
  ] as const) {
    const assembler = assembling();
    assembler.addStamp(numbered(0));
    assembler.addBytes(new Uint8Array(count));
    assembler.endStamps();
    while (assembler.nextFrame());
    expect(assembler.leftover !== null, `${count} bytes`).toBe(wrong);
  }
});

test('stamps of ever more bytes than come are an error before the end', () => {
  const assembler = assembling();
  const tell = (n: number) => assembler.addStamp({ n, pts: n, width: 640, height: 360 });
  const tellAndWrite = () => {
    for (let n = 0; n < 1000; n++) {
      tell(n);
      assembler.addBytes(new Uint8Array(320 * 180));
      while (assembler.nextFrame());
    }
  };
  expect(tellAndWrite).toThrow('not those that it wrote');
});

test('too many missing stamps in a row are an error', () => {
  expect(() => assembling().addStamp(numbered(999_999))).toThrow('999999 frames in a row');
});

test('the buffer of a released frame is reused, that of a kept one is not', () => {
  const pool = createFramePool();
  const assembler = new FrameAssembler(pool, LIMITS);
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
  const larger = pool.acquire(7);
  expect(larger).toHaveLength(7);
  expect(pool.acquire(6)).toBe(released);
  // Of those that are released only some are kept.
  const many = Array.from({ length: 100 }, () => pool.acquire(6));
  for (const buffer of [larger, ...many]) pool.release(buffer);
  expect(pool.acquire(7)).not.toBe(larger);
  expect(many.slice(-12)).toContain(pool.acquire(6));
  expect(many.slice(0, 80)).not.toContain(pool.acquire(6));
});

test('colour lies behind the luma of a frame, in planes of half its width and height, rounded up', () => {
  const assembler = assembling();
  const all = [4, 5].map((n) => ({ ...numbered(n), format: 'yuvj420p' }));
  for (const one of [{ ...numbered(0), format: 'yuvj420p' }, { ...numbered(1), format: 'gray' }, ...all])
    assembler.addStamp(one);
  // Those whose stamps were lost are as large as the next one.
  for (const length of [10, 6, 10, 10, 10, 10]) assembler.addBytes(new Uint8Array(length).fill(length));
  const came = Array.from({ length: 6 }, () => assembler.nextFrame()!.pixels);
  expect(came.map(({ length }) => length)).toEqual([10, 6, 10, 10, 10, 10]);
  expect(came.every((pixels) => pixels.every((value) => value === pixels.length))).toBe(true);
  assembler.endStamps();
  expect([assembler.nextFrame(), assembler.leftover]).toEqual([null, null]);
});
