import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { bucketRollups, coverage, rollUp, sumRollups } from '../../src/timeline/index.ts';

function reading(track: number, label: number | null, happy = 0.5): FaceReading {
  return {
    track,
    box: { x: 0, y: 0, width: 1, height: 1 },
    expression: label === null ? null : (EXPRESSIONS[label] ?? null),
    confidence: 0.5,
    probabilities: EXPRESSIONS.map((_, index) => (index === 1 ? happy : (1 - happy) / 7)),
    rawProbabilities: [],
    agreement: 1,
    valence: 0.25,
    arousal: -0.5,
    pose: { yaw: 0, pitch: 0, roll: 0 },
    actionUnits: [],
    landmarks: [],
    quality: { score: 0.75, issues: [] },
  };
}
const moment = (mediaTime: number, faces: FaceReading[], more: Partial<Moment> = {}): Moment => ({
  sessionId: 's',
  seq: 0,
  mediaTime,
  wallTime: 0,
  dropped: {},
  faces,
  ...more,
});

describe('rollups', () => {
  it('sum a second per track, and the whole picture as track 0', () => {
    const rollups = rollUp([
      moment(0.1, [reading(1, 1), reading(2, null)], { dropped: { busy: 2 } }),
      moment(0.9, [reading(1, 0)], { dropped: { busy: 1, worker: 1 } }),
      moment(1, []),
    ]);
    expect(rollups.map(({ second, track }) => [second, track])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
    ]);
    expect(rollups[0]).toMatchObject({
      frames: 2,
      dropped: { busy: 3, worker: 1 },
      readings: 3,
      abstained: 1,
    });
    expect(rollups[0]).toMatchObject({
      labels: [1, 1, 0, 0, 0, 0, 0, 0],
      valence: 0.75,
      arousal: -1.5,
      quality: 2.25,
    });
    expect(rollups[1]).toMatchObject({ frames: 2, dropped: {}, readings: 2, abstained: 0 });
    expect(rollups[3]).toMatchObject({ frames: 1, readings: 0 });
    expect(rollups[1]?.probabilities[1]).toBe(1);
  });

  it('add up: rolled up in parts and merged is rolled up at once', () => {
    const moments = Array.from({ length: 100 }, (_, index) =>
      moment(index / 10, [reading(1, index % 8, 1 / (index + 1)), reading(2, null)], {
        dropped: { store: index % 3 },
      }),
    );
    const parts = [...rollUp(moments.slice(0, 37)), ...rollUp(moments.slice(37))];
    const merged = bucketRollups(parts, 1);
    const whole = rollUp(moments);
    expect(merged.map(({ probabilities: _, ...rest }) => rest)).toEqual(
      whole.map(({ probabilities: _, ...rest }) => rest),
    );
    for (const [index, { probabilities }] of merged.entries()) {
      for (const [at, value] of probabilities.entries())
        expect(value).toBeCloseTo(whole[index]!.probabilities[at]!, 12);
    }
    expect(bucketRollups(whole, 5).map(({ second, track, frames }) => [second, track, frames])).toEqual([
      [0, 0, 50],
      [0, 1, 50],
      [0, 2, 50],
      [5, 0, 50],
      [5, 1, 50],
      [5, 2, 50],
    ]);
    expect(sumRollups(whole.filter(({ track }) => track === 0))).toMatchObject({
      frames: 100,
      readings: 200,
      abstained: 100,
    });
    expect(sumRollups([])).toBeNull();
  });

  it('keep sessions apart', () => {
    const rollups = rollUp([moment(0, []), moment(0, [], { sessionId: 'other' })]);
    expect(rollups.map(({ sessionId }) => sessionId)).toEqual(['other', 's']);
  });

  it('tell how much of a stretch was looked at', () => {
    const half = rollUp([moment(0.5, [], { dropped: { busy: 1 } }), moment(1.5, [])]);
    expect(coverage(half, 0, 2)).toBe(0.75);
    expect(coverage(half, 0, 4)).toBe(0.375);
    expect(coverage(rollUp([moment(0, []), moment(5, [])]), 0, 10, 0.2)).toBe(1);
    expect(coverage([], 0, 10)).toBe(0);
    expect(coverage(half, 1, 1)).toBe(0);
  });
});
