import { expect, it } from 'vitest';
import type { FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { angleOfReal, FRACTION, fractionOfReal, quantise } from '../../src/domain/quantise.ts';
import { makeMoment } from '../helpers/moments.ts';

const ANGLE = 100;

it('each fraction and each angle that quantise leaves is read from a `real` digit for digit', () => {
  const lost: number[] = [];
  for (let parts = -999_999; parts <= 999_999; parts++) {
    if (fractionOfReal(Math.fround(parts / FRACTION)) !== parts / FRACTION) lost.push(parts / FRACTION);
    if (angleOfReal(Math.fround(parts / ANGLE)) !== parts / ANGLE) lost.push(parts / ANGLE);
  }
  // A few of them tell enough.
  expect(lost.slice(0, 5)).toEqual([]);
});

const [SOME] = makeMoment('s', 1).faces;
const roundedFace = (changes: Partial<FaceReading>) =>
  quantise({ ...makeMoment('s', 1), faces: [{ ...SOME!, ...changes }] }).faces[0]!;

it('a moment is rounded to what the database holds, its faces in the order of their tracks', () => {
  const box = { x: 0.123456, y: -0.000001, width: 20, height: -20 };
  const pose = { yaw: 12.345, pitch: -12.344, roll: 20_000 };
  const landmarks = [
    { x: 0.12345, y: -0.00001 },
    { x: 5, y: -5 },
  ];
  const face = roundedFace({ box, pose, landmarks, agreement: 0.999_996, valence: -0.123_456 });
  expect(face).toMatchObject({
    box: { x: 0.12346, y: 0, width: 9.99999, height: -9.99999 },
    pose: { yaw: 12.35, pitch: -12.34, roll: 9999.99 },
    landmarks: [
      { x: 0.1235, y: 0 },
      { x: 3.2767, y: -3.2767 },
    ],
    ...{ agreement: 1, valence: -0.12346 },
  });
  const faces = [3, 1, 2].map((track) => ({ ...SOME!, track }));
  expect(quantise({ ...makeMoment('s', 1), faces }).faces.map(({ track }) => track)).toEqual([1, 2, 3]);
});

it('what rounding leaves of probabilities goes to the greatest, the first of equal ones', () => {
  const rounded = (...probabilities: number[]) => roundedFace({ probabilities }).probabilities;
  expect(rounded(0.1, 0.3, 0.3, ...Array(5).fill(0.06))).toEqual([0.1, 0.3, 0.3, ...Array(5).fill(0.06)]);
  const seventh = 0.4 / 7;
  expect(rounded(seventh, 0.6, ...Array(6).fill(seventh))).toEqual([
    ...[0.05714, 0.60002],
    ...Array(6).fill(0.05714),
  ]);
  expect(rounded(...Array(3).fill(1 / 3), ...Array(5).fill(0)).slice(0, 3)).toEqual([
    0.33334, 0.33333, 0.33333,
  ]);
  expect(() => rounded(0.5, 0.5)).toThrow('8 probabilities expected, not 2');
});

it('all of a moment is rounded once: times to microseconds and milliseconds, issues in their order, and no drops of 0', () => {
  const moment = quantise({
    ...makeMoment('s', 1, { faces: 0 }),
    ...{ mediaTime: 1.234_567_89, wallTime: 1_700_000_000_000.6, previousDuration: 0.033_333_36 },
    ...{ loop: { pass: 2, sourceTime: 0.123_456_78 }, untilEnd: 0.000_000_4, dropped: { busy: 0, store: 2 } },
  });
  expect(moment).toMatchObject({
    ...{ mediaTime: 1.234_568, wallTime: 1_700_000_000_001, previousDuration: 0.033_333 },
    ...{ loop: { pass: 2, sourceTime: 0.123_457 }, untilEnd: 0 },
  });
  expect(moment.dropped).toStrictEqual({ store: 2 });
  expect(quantise(moment)).toBe(moment);
  const unlooped = quantise(makeMoment('s', 1));
  expect([unlooped.loop, unlooped.untilEnd]).toEqual([undefined, undefined]);
  const face = roundedFace({
    quality: { score: 0.123_456, issues: ['DARK', 'SMALL'] },
    actionUnits: [0.123_456],
  });
  expect(face).toMatchObject({
    quality: { score: 0.123_46, issues: ['SMALL', 'DARK'] },
    actionUnits: [0.123_46],
  });
});

it.each<Partial<Moment>>([
  ...[{ mediaTime: Number.NaN }, { wallTime: Number.POSITIVE_INFINITY }, { previousDuration: Number.NaN }],
  ...[{ loop: { pass: Number.NaN, sourceTime: 0 } }, { loop: { pass: 0, sourceTime: Number.NaN } }],
  ...[{ pose: { yaw: Number.NaN, pitch: 0, roll: 0 } }, { valence: Number.NaN }].map((face) => ({
    faces: [{ ...SOME!, ...face }],
  })),
  { faces: [{ ...SOME!, landmarks: [{ x: 0, y: Number.NaN }] }] },
  { faces: [{ ...SOME!, probabilities: [Number.NaN, ...Array(7).fill(0)] }] },
])('what nothing could read back is refused: %o', (more) => {
  expect(() => quantise({ ...makeMoment('s', 1), ...more })).toThrow(
    new RangeError('a moment holds a number that is none'),
  );
});

it('probabilities that are further from 1 than rounding takes them stay as they came', () => {
  const off = (by: number) =>
    roundedFace({ probabilities: [1 + by / FRACTION, ...Array(7).fill(0)] }).probabilities[0];
  expect([-9, -8, 0, 8, 9].map(off)).toEqual([0.999_91, 1, 1, 1, 1.000_09]);
});
