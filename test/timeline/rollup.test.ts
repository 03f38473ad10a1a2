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
  previousDuration: 0.1,
  cut: false,
  dropped: {},
  faces,
  ...more,
});

/** Of moments of which the one before tells nothing new. */
const sumsOf = (moments: Moment[]) => rollUp(moments.map((one) => ({ moment: one })));

describe('rollups', () => {
  it('rollups sum a second per track, and the whole picture as track 0', () => {
    const rollups = sumsOf([
      moment(0.1, [reading(1, 1), reading(2, null)], { dropped: { busy: 2 } }),
      moment(0.9, [reading(1, 1)], { dropped: { busy: 1, worker: 1 } }),
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
      labels: [0, 2, 0, 0, 0, 0, 0, 0],
      valence: 0.75,
      arousal: -1.5,
      quality: 2.25,
    });
    expect(rollups[1]).toMatchObject({ frames: 2, dropped: {}, readings: 2, abstained: 0 });
    expect(rollups[3]).toMatchObject({ frames: 1, readings: 0 });
    expect(rollups[1]?.probabilities[1]).toBe(1);
  });

  it('rollups keep sessions apart, in the order of session, second and track', () => {
    const of = (sessionId: string, mediaTime: number, ...tracks: number[]) =>
      moment(
        mediaTime,
        tracks.map((track) => reading(track, 1)),
        { sessionId },
      );
    const rollups = sumsOf([of('b', 10, 12, 3), of('b', 2), of('c', 1), of('a', 3)]);
    expect(rollups.map(({ sessionId, second, track }) => `${sessionId} ${second} ${track}`)).toEqual([
      'a 3 0',
      'b 2 0',
      'b 10 0',
      'b 10 3',
      'b 10 12',
      'c 1 0',
    ]);
  });

  it('a second tells its first moment and from when to when its moments are, of which the clock may have gone back', () => {
    const at = (seq: number, mediaTime: number, wallTime: number, more: Partial<Moment>) =>
      moment(mediaTime, [], { seq, wallTime, ...more });
    const moments = [
      at(4, 0.9, 9000, { previousDuration: 2 }),
      at(5, 2.2, 15_000, { previousDuration: 1.3, untilEnd: 0.1 }),
      at(6, 2.3, 14_000, {}),
      at(7, 2.4, 16_000, {}),
    ];
    const following = moments.map((one, index) => ({ moment: one, previous: moments[index - 1] }));
    const places = rollUp(following).map(({ second, place }) => [second, place]);
    expect(places).toEqual([
      [0, { firstSeq: 4, startedAt: 9000, endedAt: 9000 }],
      // No moment lies in it: that which stands then.
      [1, { firstSeq: 4, startedAt: 9000, endedAt: 9000 }],
      [2, { firstSeq: 5, startedAt: 14_000, endedAt: 16_000 }],
    ]);
  });
});

describe('the time that moments stand for', () => {
  const MS = 1000;
  const happy = (mediaTime: number, previousDuration: number) =>
    moment(mediaTime, [reading(1, 1)], { previousDuration });
  const coveredOf = (moments: { moment: Moment; previous?: Moment }[]) =>
    rollUp(moments).map(({ second, track, covered, durations }) => [second, track, covered, durations[1]]);

  it('is shared out among the seconds that it lies in, per track and label', () => {
    expect(coveredOf([{ moment: happy(0.9, 1.2) }])).toEqual([
      [0, 0, 100 * MS, 100 * MS],
      [0, 1, 100 * MS, 100 * MS],
      [1, 0, 1000 * MS, 1000 * MS],
      [1, 1, 1000 * MS, 1000 * MS],
      [2, 0, 100 * MS, 100 * MS],
      [2, 1, 100 * MS, 100 * MS],
    ]);
  });

  it('is that of every label, the first included, and of no label where mien abstains', () => {
    const [whole, neutral, abstained] = sumsOf([moment(0, [reading(1, 0), reading(2, null)])]);
    const labelled = [100 * MS, 0, 0, 0, 0, 0, 0, 0];
    expect([whole?.durations, neutral?.durations, abstained?.durations]).toEqual([
      labelled,
      labelled,
      Array(8).fill(0),
    ]);
    expect(abstained?.covered).toBe(100 * MS);
  });

  it('is put right by the next moment, be it longer or shorter than it was taken to be', () => {
    const first = happy(0, 0.1);
    const [early, late] = [
      moment(0.06, [], { previousDuration: 0.06 }),
      moment(0.3, [], { previousDuration: 0.15 }),
    ];
    const track = (next: Moment) => coveredOf([{ moment: first }, { moment: next, previous: first }])[1];
    expect(track(early)).toEqual([0, 1, 60 * MS, 60 * MS]);
    expect(track(late)).toEqual([0, 1, 150 * MS, 150 * MS]);
  });

  it('adds up to the same however the moments are batched', () => {
    const times = [0, 0.1, 0.25, 1.9, 1.95, 2.05];
    const moments = times.map((time, at) =>
      happy(time, at === 0 ? 0.1 : Math.min(0.15, time - times[at - 1]!)),
    );
    const following = moments.map((one, at) => ({
      moment: one,
      ...(at > 0 && { previous: moments[at - 1]! }),
    }));
    const sum = (rows: ReturnType<typeof coveredOf>) => {
      const sums: Record<string, number> = {};
      for (const [second, track, covered] of rows)
        sums[`${second}/${track}`] = (sums[`${second}/${track}`] ?? 0) + covered!;
      return sums;
    };
    expect(sum(following.flatMap((one) => coveredOf([one])))).toEqual(sum(coveredOf(following)));
    expect(sum(coveredOf(following))).toEqual({
      '0/0': 400 * MS,
      '0/1': 400 * MS,
      '1/0': 100 * MS,
      '1/1': 100 * MS,
      '2/0': 150 * MS,
      '2/1': 150 * MS,
    });
  });
});

describe('the last moment of a recording', () => {
  const last = moment(0.95, [reading(1, 1)], { previousDuration: 0.1, untilEnd: 0.02 });

  it('stands to the end of that, and leaves nothing in the second behind it', () => {
    expect(rollUp([{ moment: last, previous: moment(0.85, []) }])).toMatchObject([
      { second: 0, track: 0, covered: 20_000, durations: [0, 20_000, 0, 0, 0, 0, 0, 0] },
      { second: 0, track: 1, covered: 20_000 },
    ]);
  });

  it('stands to the next one where one comes all the same', () => {
    const all = [
      { moment: last, previous: moment(0.85, []) },
      { moment: moment(1.05, [], { seq: 1, previousDuration: 0.1 }), previous: last },
    ];
    const covered = rollUp(all).filter(({ track }) => track === 1);
    expect(covered.map((rollup) => [rollup.second, rollup.covered])).toEqual([
      [0, 50_000],
      [1, 50_000],
    ]);
  });
});
