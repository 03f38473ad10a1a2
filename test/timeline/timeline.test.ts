import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type RawReading } from '../../src/domain/face.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { createTimeline } from '../../src/timeline/index.ts';

const THRESHOLDS = { confidence: 0.4, quality: 0.3 };
const HAPPY = [0.05, 0.9, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];

function raw(more: Partial<RawReading> = {}): RawReading {
  return {
    track: 1,
    box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    probabilities: HAPPY,
    agreement: 0.9,
    valence: 0.6,
    arousal: 0.3,
    pose: { yaw: 1.1, pitch: 2.2, roll: 3.3 },
    actionUnits: [0.1, 0.7],
    landmarks: [{ x: 0.123456789, y: 0.2 }],
    quality: { score: 0.8, issues: ['TURNED'] },
    ...more,
  };
}
const at = (seq: number, faces: RawReading[]) => ({
  seq,
  mediaTime: seq / 10,
  wallTime: 1000 + seq,
  dropped: { busy: 1 },
  faces,
});

describe('the timeline', () => {
  it('makes a moment of a frame', () => {
    const { moment } = createTimeline({ thresholds: THRESHOLDS })('s').push(at(4, [raw()]));
    expect(moment).toMatchObject({
      sessionId: 's',
      seq: 4,
      mediaTime: 0.4,
      wallTime: 1004,
      dropped: { busy: 1 },
    });
    expect(moment.faces[0]).toMatchObject({
      expression: 'HAPPINESS',
      track: 1,
      quality: { issues: ['TURNED'] },
    });
    expect(createTimeline({ thresholds: THRESHOLDS })('s').push(at(0, [])).moment.faces).toEqual([]);
  });

  it('gives moments rounded as the store keeps them, with probabilities that sum to 1', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s');
    const thirds = EXPRESSIONS.map((_, index) => 1 / (index + 3));
    for (let seq = 0; seq < 20; seq++) {
      const { moment } = timeline.push(at(seq, [raw({ probabilities: seq % 2 ? thirds : HAPPY })]));
      expect(quantise({ ...moment })).toEqual(moment);
      const { probabilities, rawProbabilities, confidence } = moment.faces[0]!;
      for (const list of [probabilities, rawProbabilities]) {
        expect(Math.abs(list.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
      }
      expect(confidence).toBe(Math.max(...probabilities));
    }
  });

  it('abstains when the label is not likely, or the face not good, enough', () => {
    const flat = EXPRESSIONS.map(() => 1 / 8);
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s');
    const faces = [
      raw({ track: 1 }),
      raw({ track: 2, probabilities: flat }),
      raw({ track: 3, quality: { score: 0.2, issues: ['BLURRED'] } }),
      raw({ track: 4, probabilities: EXPRESSIONS.map(() => Number.NaN) }),
    ];
    const { moment } = timeline.push(at(0, faces));
    expect(moment.faces.map(({ expression }) => expression)).toEqual(['HAPPINESS', null, null, null]);
    expect(moment.faces[3]?.probabilities).toEqual(flat);
  });

  it('labels what it has smoothed, and keeps what the frame alone says', () => {
    const calm = [0.9, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];
    const smooth = createTimeline({ thresholds: THRESHOLDS })('s');
    const sharp = createTimeline({ thresholds: THRESHOLDS, smoothingSeconds: 0 })('s');
    for (const timeline of [smooth, sharp]) {
      for (let seq = 0; seq < 10; seq++) timeline.push(at(seq, [raw({ probabilities: calm })]));
    }
    const [one] = smooth.push(at(10, [raw()])).moment.faces;
    const [other] = sharp.push(at(10, [raw()])).moment.faces;
    expect([one?.expression, other?.expression]).toEqual(['NEUTRAL', 'HAPPINESS']);
    expect(one?.rawProbabilities).toEqual(HAPPY);
    expect(other?.probabilities).toEqual(other?.rawProbabilities);
  });

  it('tells episodes with its moments, and closes them at the end', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS, smoothingSeconds: 0 })('s');
    const events = Array.from({ length: 6 }, (_, seq) => timeline.push(at(seq, [raw()])).events).flat();
    expect(events).toMatchObject([
      { kind: 'ONSET', episode: { sessionId: 's', onset: 0, expression: 'HAPPINESS' } },
    ]);
    expect(timeline.finish()).toMatchObject([{ kind: 'APEX' }, { kind: 'OFFSET', episode: { offset: 0.5 } }]);
  });

  it('keeps sessions apart', () => {
    const open = createTimeline({ thresholds: THRESHOLDS });
    const [one, other] = [open('a'), open('b')];
    for (let seq = 0; seq < 10; seq++) one.push(at(seq, [raw()]));
    expect(other.push(at(0, [raw()])).moment.sessionId).toBe('b');
    expect(other.finish()).toEqual([]);
  });
});
