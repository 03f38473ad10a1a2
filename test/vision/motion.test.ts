/** How a track moves, in numbers: crops of 100 pixels, in which a shift by 10 is a motion of 1. */
import { describe, expect, it } from 'vitest';
import { compose, mapPoints, mapRect, type Similarity } from '../../src/vision/image/geometry.ts';
import {
  alignmentWithTemplate,
  leavesCrop,
  motionOf,
  motionRateOf,
  propagateTrack,
  updateVelocity,
} from '../../src/vision/tracking/motion.ts';
import { createTrack, type Track } from '../../src/vision/tracking/track.ts';

const CROP_SIZE = 100;
const LANDMARKS = Float64Array.of(30, 30, 70, 30, 50, 50, 35, 70, 65, 70);
const BOX = { x1: 10, y1: 20, x2: 90, y2: 100 };

const shift = (tx: number, ty: number): Similarity => ({ a: 1, b: 0, tx, ty });
const turn = (degrees: number, scale = 1): Similarity => {
  const angle = (degrees * Math.PI) / 180;
  return { a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx: 0, ty: 0 };
};
/** The same about the crop's middle. */
const central = (m: Similarity) => compose(compose(shift(-50, -50), m), shift(50, 50));

describe('motion', () => {
  it.each<[string, Similarity, number]>([
    ['none', shift(0, 0), 0],
    ['a shift by a tenth of the crop', shift(10, 0), 1],
    ['a shift the other way', shift(0, -10), 1],
    ['a shift in both directions', shift(6, 8), 1],
    ['a turn by ten degrees', central(turn(10)), 1],
    ['a turn the other way', central(turn(-10)), 1],
    ['growth by a tenth', central(turn(0, Math.exp(0.1))), 1],
    ['shrinking by a tenth', central(turn(0, Math.exp(-0.1))), 1],
    // Which takes the middle along: it moves by twice 70.7 times the sine of 5 degrees.
    ['a turn about the corner', turn(10), 1.2326],
  ])('of %s', (_, similarity, motion) => {
    expect(motionOf(similarity, CROP_SIZE)).toBeCloseTo(motion, 4);
  });

  it('that is expected of a face takes it out of its crop once it is more than 0.6', () => {
    expect(leavesCrop(2, 0.3)).toBe(false);
    expect(leavesCrop(2, 0.31)).toBe(true);
  });

  it('up to 2 lets the landmarks align a crop', () => {
    const seen = (x: number) => ({ landmarks5: mapPoints(shift(-x, 0), LANDMARKS), quality: 1 });
    expect(alignmentWithTemplate(seen(20), LANDMARKS, CROP_SIZE)).toEqual(shift(20, 0));
    expect(alignmentWithTemplate(seen(21), LANDMARKS, CROP_SIZE)).toBeNull();
    const inOnePoint = { landmarks5: new Float64Array(10).fill(50), quality: 1 };
    expect(alignmentWithTemplate(inOnePoint, LANDMARKS, CROP_SIZE)).toBeNull();
  });
});

/** A track that was detected at 1 s; its crop shows the picture twice as large. */
function detected(changes: Partial<Track> = {}): Track {
  const toCrop = { a: 2, b: 0, tx: 0, ty: 0 };
  const observation = { landmarks5: LANDMARKS.map((v) => v + 1), quality: 1 };
  const reference = { observation, landmarks5: LANDMARKS, box: BOX, toCrop };
  const inPicture = { box: mapRect(turn(0, 0.5), BOX), landmarks5: mapPoints(turn(0, 0.5), LANDMARKS) };
  return { ...createTrack({ ...inPicture, score: 1 }, 1), toCrop, reference, motionRate: 7, ...changes };
}

describe('the rate of motion from one detection to the next', () => {
  const movedBy = (x: number) => mapPoints(shift(x, 0), mapPoints(turn(0, 0.5), LANDMARKS));

  it('is the motion within the crop, by the time between them', () => {
    expect(motionRateOf(detected(), movedBy(5), 1.5, CROP_SIZE)).toBeCloseTo(2, 9);
    expect(motionRateOf(detected(), movedBy(5), 3, CROP_SIZE)).toBeCloseTo(0.5, 9);
  });

  it('stays what it was where a track was detected once, or no time passed', () => {
    expect(motionRateOf(detected({ reference: null }), movedBy(5), 1.5, CROP_SIZE)).toBe(7);
    expect(motionRateOf(detected(), movedBy(5), 1, CROP_SIZE)).toBe(7);
    expect(motionRateOf(detected(), movedBy(5), 0.5, CROP_SIZE)).toBe(7);
  });

  it('is none where the landmarks lie in one point', () => {
    expect(motionRateOf(detected(), new Float64Array(10).fill(30), 1.5, CROP_SIZE)).toBe(0);
  });
});

describe('the velocity of a track', () => {
  const box = (x: number, y: number, side = 40) => ({ x1: x, y1: y, x2: x + side, y2: y + side });

  it('is averaged with that from one detection to the next, of the middle of its boxes', () => {
    const track = detected({ velocity: { x: 2, y: 4 }, lastDetection: { box: box(100, 200), time: 1 } });
    updateVelocity(track, box(108, 218, 44), 1.5);
    expect(track.velocity).toEqual({ x: (2 + 20) / 2, y: (4 + 40) / 2 });
    expect(track.lastDetection).toEqual({ box: box(108, 218, 44), time: 1.5 });
  });

  it.each([1, 0.5])('stays where no time passed: from 1 s to %s s', (time) => {
    const track = detected({ velocity: { x: 2, y: 4 }, lastDetection: { box: box(100, 200), time: 1 } });
    updateVelocity(track, box(150, 250), time);
    expect(track.velocity).toEqual({ x: 2, y: 4 });
    expect(track.lastDetection).toEqual({ box: box(150, 250), time });
  });
});

describe('a track that is propagated', () => {
  const seen = (x: number) => ({ landmarks5: LANDMARKS.map((v, i) => v + 1 + (i % 2 ? 0 : x)), quality: 1 });

  it('moves in the picture by what the landmarks moved in the crop', () => {
    const track = detected();
    propagateTrack(track, track.toCrop!, seen(6), CROP_SIZE);
    const { x1, y1, x2, y2 } = track.box;
    for (const [side, wanted] of [
      [x1, 8],
      [y1, 10],
      [x2, 48],
      [y2, 50],
    ] as const)
      expect(side).toBeCloseTo(wanted, 9);
    track.landmarks5.forEach((v, i) => {
      expect(v).toBeCloseTo((LANDMARKS[i]! + (i % 2 ? 0 : 6)) / 2, 9);
    });
    expect(track.fastMoving).toBe(false);
  });

  it('moves fast from a motion of 0.7 on', () => {
    const track = detected();
    propagateTrack(track, track.toCrop!, seen(6.9), CROP_SIZE);
    expect(track.fastMoving).toBe(false);
    propagateTrack(track, track.toCrop!, seen(7.1), CROP_SIZE);
    expect(track.fastMoving).toBe(true);
  });
});
