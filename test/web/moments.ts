import type { Expression, Moment } from '../../src/web/types.d.ts';

/** A moment of session `s`, ten a second, with the tracks named. */
export function moment(
  seq: number,
  { sessionId = 's', tracks = [1], expression = 'HAPPINESS' as Expression | null } = {},
): Moment {
  return {
    cursor: `${sessionId}:${seq}`,
    sessionId,
    seq,
    mediaTime: seq / 10,
    wallTime: new Date(1_700_000_000_000 + seq * 100).toISOString(),
    droppedBefore: 0,
    skippedBefore: 0,
    faces: tracks.map((track) => ({
      track,
      box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
      expression,
      confidence: 0.8,
      probabilities: [
        { expression: 'HAPPINESS', probability: 0.8 },
        { expression: 'NEUTRAL', probability: 0.2 },
      ],
      agreement: 1,
      valence: 0.5,
      arousal: 0.1,
      landmarks: null,
      quality: { score: 1, issues: [] },
    })),
  };
}
