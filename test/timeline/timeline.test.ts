import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type RawReading } from '../../src/domain/face.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { DEFAULT_SMOOTHING } from '../../src/domain/stream.ts';
import { createTimeline } from '../../src/timeline/index.ts';

const STREAM = { frameRate: 10, smoothing: DEFAULT_SMOOTHING };
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
    const { moment } = createTimeline({ thresholds: THRESHOLDS })('s', STREAM).push(at(4, [raw()]));
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
    expect(createTimeline({ thresholds: THRESHOLDS })('s', STREAM).push(at(0, [])).moment.faces).toEqual([]);
  });

  it('nothing is told of a frame that cannot be a moment, because a number is none', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    for (let seq = 0; seq < 5; seq++) timeline.push(at(seq, [raw()]));
    expect(() => timeline.push(at(5, [raw({ agreement: Number.NaN })]))).toThrow(RangeError);
    expect(timeline.finish().at(-1)).toMatchObject({ kind: 'OFFSET', episode: { offset: 0.4 } });
  });

  it('gives moments rounded as the store keeps them, with probabilities that sum to 1', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
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
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    const faces = [
      raw({ track: 1 }),
      raw({ track: 2, probabilities: [0.4, 0.4, 0.2, 0, 0, 0, 0, 0], quality: { score: 0.3, issues: [] } }),
      raw({ track: 3, probabilities: flat }),
      raw({ track: 4, quality: { score: 0.2, issues: ['BLURRED'] } }),
      ...[Number.NaN, 0, Number.POSITIVE_INFINITY].map((none, index) =>
        raw({ track: 5 + index, probabilities: EXPRESSIONS.map(() => none) }),
      ),
    ];
    const { moment } = timeline.push(at(0, faces));
    expect(moment.faces.map(({ expression }) => expression)).toEqual([
      'HAPPINESS',
      'NEUTRAL',
      ...Array(5).fill(null),
    ]);
    for (const { probabilities } of moment.faces.slice(4)) expect(probabilities).toEqual(flat);
  });

  it('labels what it has smoothed, and keeps what the frame alone says', () => {
    const calm = [0.9, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];
    const smooth = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    const sharp = createTimeline({ thresholds: THRESHOLDS })('s', { ...STREAM, smoothing: 0 });
    for (const timeline of [smooth, sharp]) {
      for (let seq = 0; seq < 10; seq++) timeline.push(at(seq, [raw({ probabilities: calm })]));
    }
    const [one] = smooth.push(at(10, [raw()])).moment.faces;
    const [other] = sharp.push(at(10, [raw()])).moment.faces;
    expect([one?.expression, other?.expression]).toEqual(['NEUTRAL', 'HAPPINESS']);
    expect(one?.rawProbabilities).toEqual(HAPPY);
    expect(other?.probabilities).toEqual(other?.rawProbabilities);
  });

  it.each([
    // A frame of 0.1 s later weighs exp(-0.1 / time constant) as much, and half of that if its models agree half as well.
    [0, 0.9, 0],
    [100, 0.9, 1 / Math.E],
    [1000, 0.9, Math.exp(-0.1)],
    [100, 0.45, 0.5 / Math.E],
  ])(
    'a frame that is 100 ms old counts as much as the time constant says: %i ms, agreement %f',
    (smoothing, agreement, weight) => {
      const calm = [0.9, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];
      const timeline = createTimeline({ thresholds: THRESHOLDS })('s', { ...STREAM, smoothing });
      timeline.push(at(0, [raw({ probabilities: calm, agreement })]));
      const [face] = timeline.push(at(1, [raw()])).moment.faces;
      expect(face?.probabilities[1]).toBeCloseTo((0.9 + 0.05 * weight) / (1 + weight), 4);
    },
  );

  it('tells episodes with its moments, and closes them at the end', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', { ...STREAM, smoothing: 0 });
    const events = Array.from({ length: 6 }, (_, seq) => timeline.push(at(seq, [raw()])).events).flat();
    expect(events).toMatchObject([
      { kind: 'ONSET', episode: { sessionId: 's', onset: 0, expression: 'HAPPINESS' } },
    ]);
    expect(timeline.finish()).toMatchObject([{ kind: 'APEX' }, { kind: 'OFFSET', episode: { offset: 0.5 } }]);
  });

  it('tells no episodes of faces that are too poor to judge', () => {
    const onsets = (score: number) => {
      const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
      const seen = raw({ quality: { score, issues: [] } });
      return Array.from({ length: 6 }, (_, seq) => timeline.push(at(seq, [seen])).events).flat().length;
    };
    expect([0.29, 0.3].map(onsets)).toEqual([0, 1]);
  });

  it('counts what its source did not give, on the way and behind the last moment', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    const told = [0, 1, 2, 9].map((seq) => timeline.push({ ...at(seq, []), dropped: {} }).moment.dropped);
    expect(told).toEqual([{}, {}, {}, { source: 6 }]);
    expect(timeline.missingUntil(1.9, { busy: 3 })).toBe(7);
  });

  it('tells no more of an episode whose beginning was erased', () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    for (let seq = 0; seq < 6; seq++) timeline.push(at(seq, [raw()]));
    timeline.forget(0.1);
    expect(timeline.finish()).toEqual([]);
  });

  it('keeps sessions apart', () => {
    const open = createTimeline({ thresholds: THRESHOLDS });
    const [one, other] = [open('a', STREAM), open('b', STREAM)];
    for (let seq = 0; seq < 10; seq++) one.push(at(seq, [raw()]));
    expect(other.push(at(0, [raw()])).moment.sessionId).toBe('b');
    expect(other.finish()).toEqual([]);
  });
});

describe('where another scene begins', () => {
  const calm = [0.9, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];
  const begin = () => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    for (let seq = 0; seq < 10; seq++) timeline.push(at(seq, [raw()]));
    return timeline;
  };

  it('the episodes of the scene before end with its last frame', () => {
    const { moment, events } = begin().push({
      ...at(10, [raw({ track: 2, probabilities: calm })]),
      cut: true,
    });
    expect(moment.cut).toBe(true);
    expect(events.map(({ kind, episode }) => [kind, episode.track, episode.offset])).toEqual([
      ['APEX', 1, null],
      ['OFFSET', 1, 0.9],
    ]);
  });

  it('nothing of the scene before is smoothed into it', () => {
    const { moment } = begin().push({ ...at(10, [raw({ track: 2, probabilities: calm })]), cut: true });
    expect(moment.faces).toMatchObject([
      { expression: 'NEUTRAL', probabilities: moment.faces[0]!.rawProbabilities },
    ]);
  });

  it('all other moments are no cuts', () => {
    expect(begin().push(at(10, [])).moment.cut).toBe(false);
  });
});

describe('the last moment of a recording', () => {
  const moments = (end: number | null) => {
    const timeline = createTimeline({ thresholds: THRESHOLDS })('s', STREAM);
    return [0, 1, 2].map((seq) => timeline.push({ ...at(seq, []), dropped: {}, end }).moment);
  };
  const untilEnd = (end: number | null) => moments(end).map((moment) => moment.untilEnd);

  it('stands no longer than to its end, and all others as long as ever', () => {
    expect(untilEnd(0.23)).toEqual([undefined, undefined, 0.03]);
    expect(moments(0.23).map(({ previousDuration }) => previousDuration)).toEqual([0.1, 0.1, 0.1]);
  });

  it('stands as long as the one before it where the recording goes on behind it, or says less than it has, or nothing', () => {
    for (const end of [5, 0.2, 0.1, null]) expect(untilEnd(end)).toEqual([undefined, undefined, undefined]);
  });
});
