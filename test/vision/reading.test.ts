/** What the ensemble says of a crop is told in terms of the picture that the crop was cut from. */
import { expect, it } from 'vitest';
import type { EnsembleCard } from '../../src/vision/models/model-manifest.ts';
import type { Score } from '../../src/vision/scoring/ensemble.ts';
import { landmarks5Of } from '../../src/vision/scoring/landmarks68-to-5.ts';
import { readingOf } from '../../src/vision/scoring/reading.ts';
import { createTrack } from '../../src/vision/tracking/track.ts';

const CARD = {
  input: { size: 40 },
  thresholds: { issues: { small: 32, blurred: 0.4, turned: 40, covered: 0.4, dark: 40 } },
} as EnsembleCard;
const PICTURE = { pixels: new Uint8Array(0), width: 200, height: 100 };
const SCORE: Score = {
  ...{ probabilities: [1, 0, 0, 0, 0, 0, 0, 0], agreement: 0.75, valence: 0.5, arousal: -0.5 },
  ...{ actionUnits: [0.25], landmarks: Float32Array.of(0.5, 0.25, 0, 1), quality: 0.9 },
  ...{ pose: { yaw: 12, pitch: -7, roll: 5 }, luma: 120, sharpness: 0.9 },
};
/** From the picture to a crop of half the scale whose corner is at (40, 20). */
const STRAIGHT = { a: 0.5, b: 0, tx: -20, ty: -10 };

function read(score: Partial<Score> = {}, toCrop = STRAIGHT, box = { x1: 50, y1: 25, x2: 90, y2: 75 }) {
  const track = { ...createTrack({ box, landmarks5: new Float64Array(10), score: 0.9 }, 0), id: 7 };
  return readingOf(CARD, PICTURE, { track, toCrop } as never, { ...SCORE, ...score });
}

it('box and landmarks are fractions of the picture', () => {
  expect(read()).toEqual({
    ...{ track: 7, box: { x: 0.25, y: 0.25, width: 0.2, height: 0.5 } },
    ...{ probabilities: SCORE.probabilities, agreement: 0.75, valence: 0.5, arousal: -0.5 },
    ...{ pose: { yaw: 12, pitch: -7, roll: 5 }, actionUnits: [0.25] },
    // (20, 10) and (0, 40) in the crop.
    landmarks: [
      { x: 0.4, y: 0.4 },
      { x: 0.2, y: 1 },
    ],
    quality: { score: 0.9, issues: [] },
  });
});

it('of a box that reaches beyond the picture, the part within it is told', () => {
  const { box, quality } = read({}, STRAIGHT, { x1: -20, y1: 90, x2: 20, y2: 120 });
  expect(box).toEqual({ x: 0, y: 0.9, width: 0.1, height: expect.closeTo(0.1, 9) });
  // All of it is as large as 34.6 pixels squared, what is seen of it is not.
  expect(quality.issues).toEqual([]);
  expect(read({}, STRAIGHT, { x1: 0, y1: 0, x2: 40, y2: 20 }).quality.issues).toEqual(['SMALL']);
});

it.each([
  // The crop is turned against the picture by so much, and the head in the crop.
  [90, 5, -85],
  [-90, 5, 95],
  [90, -100, 170],
  [-90, 100, -170],
])('the roll of a head in a crop that was turned by %d degrees, at %d there, is %d', (turn, roll, told) => {
  const radians = (turn * Math.PI) / 180;
  const toCrop = { a: Math.cos(radians), b: Math.sin(radians), tx: 0, ty: 0 };
  const { pose } = read({ pose: { yaw: 12, pitch: -7, roll } }, toCrop);
  expect(pose).toEqual({ yaw: 12, pitch: -7, roll: expect.closeTo(told, 9) });
});

it('what a model says beyond its range is told at the end of it', () => {
  const high = read({ valence: 1.5, arousal: 1.25, quality: 1.1 });
  const low = read({ valence: -1.5, arousal: -1.25, quality: -0.1 });
  expect([high.valence, high.arousal, high.quality.score]).toEqual([1, 1, 1]);
  expect([low.valence, low.arousal, low.quality.score]).toEqual([-1, -1, 0]);
});

it('of 68 landmarks, eye centres, nose tip and mouth corners are taken, in pixels', () => {
  const landmarks = Float32Array.from({ length: 136 }, (_, at) => (at % 2 === 0 ? at / 2 : 200 + at * at));
  const y = (...points: number[]) =>
    (2 * points.reduce((sum, point) => sum + 200 + (2 * point + 1) ** 2, 0)) / points.length;
  const expected = [
    ...[2 * 38.5, y(36, 37, 38, 39, 40, 41), 2 * 44.5, y(42, 43, 44, 45, 46, 47)],
    ...[60, y(30), 96, y(48), 108, y(54)],
  ];
  for (const [at, value] of landmarks5Of(landmarks, 2).entries()) expect(value).toBeCloseTo(expected[at]!, 6);
});
