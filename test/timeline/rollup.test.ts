import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { rollUp } from '../../src/timeline/index.ts';

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
  it('rollups sum a second per track, and the whole picture as track 0', () => {
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

  it('rollups keep sessions apart', () => {
    const rollups = rollUp([moment(0, []), moment(0, [], { sessionId: 'other' })]);
    expect(rollups.map(({ sessionId }) => sessionId)).toEqual(['other', 's']);
  });
});
