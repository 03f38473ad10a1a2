import { describe, expect, it } from 'vitest';
import { fromBits, issuesOf, measureCrop, toBits } from '../../src/vision/scoring/quality.ts';
import { packReadings, unpackReadings } from '../../src/vision/workers/pack-readings.ts';

const thresholds = { small: 32, blurred: 0.4, turned: 40, covered: 0.4, dark: 40 };
const fine = { size: 90, sharpness: 0.9, luma: 120, yaw: 0, pitch: 0, quality: 0.9 };

describe('issues', () => {
  it.each([
    ['fine', {}, []],
    ['at every threshold', { size: 32, sharpness: 0.4, yaw: 40, pitch: -40, luma: 40, quality: 0.4 }, []],
    ['small', { size: 20 }, ['SMALL']],
    ['blurred', { sharpness: 0.1 }, ['BLURRED']],
    ['turned left', { yaw: -55 }, ['TURNED']],
    ['looking up', { pitch: 50 }, ['TURNED']],
    ['dark', { luma: 12 }, ['DARK']],
    ['covered: low quality that nothing else explains', { quality: 0.1 }, ['COVERED']],
    ['small, which explains a low quality', { quality: 0.1, size: 10 }, ['SMALL']],
    ['small, turned and dark', { size: 20, luma: 10, yaw: 60 }, ['SMALL', 'TURNED', 'DARK']],
  ] as const)('issues of a face that is %s', (_, changes, expected) => {
    expect(issuesOf({ ...fine, ...changes }, thresholds)).toEqual(expected);
  });
  it('issues survive the way through a number', () => {
    expect(fromBits(toBits(['BLURRED', 'DARK']))).toEqual(['BLURRED', 'DARK']);
    expect(fromBits(0)).toEqual([]);
  });
});

describe('measures of a crop', () => {
  const size = 24;
  const crop = (f: (x: number, y: number) => number) =>
    Uint8Array.from({ length: size * size }, (_, i) => f(i % size, Math.floor(i / size)));

  it('a flat crop has a luma and no sharpness', () => {
    expect(
      measureCrop(
        crop(() => 90),
        0,
        size,
      ),
    ).toEqual({ luma: 90, sharpness: 0 });
  });
  it('sharpness falls with blur, not with contrast, whichever way the edges lie', () => {
    const sharpness = (f: (x: number, y: number) => number) => measureCrop(crop(f), 0, size).sharpness;
    const sharp = sharpness((x) => 128 + 100 * Math.sin(x * 0.6));
    // Of a wave the Laplacian is so many times its height.
    expect(sharp).toBeCloseTo((2 - 2 * Math.cos(0.6)) ** 2 / 0.16, 1);
    expect(sharpness((x) => 128 + 50 * Math.sin(x * 0.6))).toBeCloseTo(sharp, 1);
    expect(sharpness((_, y) => 128 + 100 * Math.sin(y * 0.6))).toBe(sharp);
    expect(sharpness((x) => 128 + 100 * Math.sin(x * 0.4))).toBeLessThan(sharp / 3);
    expect(sharpness((x, y) => 250 * ((x + y) % 2))).toBe(1);
  });
});

it('readings survive packing', () => {
  const reading = (track: number) => ({
    track,
    box: { x: 0.25, y: 0.5, width: 0.125, height: 0.25 },
    probabilities: [0.5, 0.125, 0.125, 0.25, 0, 0, 0, 0],
    agreement: 0.75,
    valence: -0.5,
    arousal: 0.25,
    pose: { yaw: -12, pitch: 3, roll: 170 },
    actionUnits: [0.5, 1],
    landmarks: Array.from({ length: 68 }, (_, i) => ({ x: i / 128, y: -i / 128 })),
    quality: { score: 0.5, issues: ['TURNED' as const] },
  });
  expect(unpackReadings(packReadings([reading(1), reading(7)], 2), 2)).toEqual([reading(1), reading(7)]);
  expect(unpackReadings(packReadings([], 2), 2)).toEqual([]);
});
