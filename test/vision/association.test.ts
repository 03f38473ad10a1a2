/** Which detection is taken for which track. Faces of 40 pixels, at a height of 100, unless they say otherwise. */
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/vision/detection/detected-face.ts';
import { associate } from '../../src/vision/tracking/association.ts';
import { createTrack, type Track } from '../../src/vision/tracking/track.ts';
import { face } from './tracking.ts';

const HIGH_CONFIDENCE = 0.5;

const track = (at: Detection, changes: Partial<Track> = {}): Track => ({
  ...createTrack(at, 0),
  id: 1,
  ...changes,
});

/** For each track the number of its detection, or -1. */
function pairsOf(tracks: readonly Track[], detections: readonly Detection[], time = 0.1): number[] {
  const pairs = associate(tracks, detections, HIGH_CONFIDENCE, time);
  return tracks.map((one) => detections.indexOf(pairs.get(one)!));
}
const isPaired = (one: Track, detection: Detection, time?: number) =>
  pairsOf([one], [detection], time)[0] === 0;

describe('by confidence', () => {
  const [sure, doubtful] = [face(100, 100, 40, 0.5), face(100, 100, 40, 0.49)];

  it('a detection that has just the high confidence is one for every track', () => {
    expect(isPaired(track(face(100)), sure)).toBe(true);
    expect(isPaired(track(face(100), { missedFrames: 1 }), sure)).toBe(true);
    expect(isPaired(track(face(100), { id: 0 }), sure)).toBe(true);
  });

  it('a detection of less is one for a confirmed track alone, which the frame before showed', () => {
    expect(isPaired(track(face(100)), doubtful)).toBe(true);
    expect(isPaired(track(face(100), { missedFrames: 1 }), doubtful)).toBe(false);
    expect(isPaired(track(face(100), { id: 0 }), doubtful)).toBe(false);
  });

  it('a confirmed track takes a sure detection before a doubtful one that is nearer, and before a tentative track', () => {
    expect(pairsOf([track(face(100))], [doubtful, face(110)])).toEqual([1]);
    expect(pairsOf([track(face(100), { id: 0 }), track(face(110))], [face(100)])).toEqual([-1, 0]);
  });

  it('each detection is taken once, and by the tracks that together lie nearest', () => {
    expect(pairsOf([track(face(100)), track(face(115))], [face(112), face(127)])).toEqual([0, 1]);
    expect(pairsOf([track(face(100)), track(face(104))], [face(103)])).toEqual([-1, 0]);
    const [left, right] = [track(face(100)), track(face(104))];
    expect(pairsOf([left, right], [face(104), face(101, 100, 40, 0.3)])).toEqual([1, 0]);
  });
});

describe('by distance', () => {
  it('a detection most of a face away is still the track, one that is further is not', () => {
    expect(isPaired(track(face(100)), face(132))).toBe(true);
    expect(isPaired(track(face(100)), face(133))).toBe(false);
    expect(isPaired(track(face(100)), face(100, 132))).toBe(true);
    expect(isPaired(track(face(100)), face(100, 133))).toBe(false);
  });

  it('the distance is measured by the mean of the two sizes', () => {
    // Of 40 and 60 pixels: 1 - 0.29 for what they share, and 49 in 50 for how far they lie apart.
    expect(isPaired(track(face(100, 100, 40)), face(136, 100, 60))).toBe(true);
    expect(isPaired(track(face(100, 100, 60)), face(136, 100, 40))).toBe(true);
    expect(isPaired(track(face(100, 100, 40)), face(142, 100, 60))).toBe(false);
    expect(isPaired(track(face(100, 100, 60)), face(142, 100, 40))).toBe(false);
  });

  it('a detection twice as large or half as large is the track, one that differs more is not', () => {
    expect(isPaired(track(face(100, 100, 40)), face(100, 100, 80))).toBe(true);
    expect(isPaired(track(face(100, 100, 80)), face(100, 100, 40))).toBe(true);
    expect(isPaired(track(face(100, 100, 40)), face(100, 100, 81))).toBe(false);
    expect(isPaired(track(face(100, 100, 81)), face(100, 100, 40))).toBe(false);
  });
});

describe('where the track is expected', () => {
  const moving = (x: number, y: number) => track(face(100), { velocity: { x, y }, lastSeen: 1 });
  const where = (one: Track, time: number, places: readonly [number, number][]) =>
    places.filter(([x, y]) => isPaired(one, face(x, y), time));

  it('it goes on as it came, in both directions', () => {
    const places = [
      [100, 100],
      [150, 100],
      [100, 150],
      [150, 150],
      [150, 50],
    ] as [number, number][];
    expect(where(moving(100, 0), 1.5, places)).toEqual([[150, 100]]);
    expect(where(moving(0, 100), 1.5, places)).toEqual([[100, 150]]);
    expect(where(moving(100, -100), 1.5, places)).toEqual([[150, 50]]);
  });

  it('no further than in a second, and not back where time went back', () => {
    const places = [
      [50, 100],
      [100, 100],
      [200, 100],
      [300, 100],
    ] as [number, number][];
    expect(where(moving(100, 0), 3, places)).toEqual([[200, 100]]);
    expect(where(moving(100, 0), 0.5, places)).toEqual([[100, 100]]);
  });
});
