import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/vision/detection/detected-face.ts';
import { mapPoints } from '../../src/vision/image/geometry.ts';
import type { Observation } from '../../src/vision/tracking/track.ts';
import { type TrackCrop, Tracker } from '../../src/vision/tracking/tracker.ts';
import { face, observe, RATE, Tracking, template } from './tracking.ts';

describe('a new face', () => {
  it('a new face is reported at once where it is in the first frame, and tracks are numbered from 1', () => {
    expect(new Tracking().step(0, [face(50), face(200)])).toEqual({ 1: 50, 2: 200 });
  });
  it('a new face takes the number that follows those of a worker before', () => {
    expect(new Tracking({ firstTrackId: 4 }).step(0, [face(50)])).toEqual({ 4: 50 });
  });
  it('a new face in a later frame is confirmed by its second detection, for which the next frame goes through the detector', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(50)]);
    expect(tracking.step(0.1, [face(50), face(200)])).toEqual({ 1: 50 });
    expect(tracking.isDue(0.2)).toBe(true);
    expect(tracking.step(0.2, [face(50), face(201)])).toEqual({ 1: 50, 2: 201 });
  });
  it('a new face in a later frame is reported at once where it reaches the activation thresholds', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(50)]);
    const later = [face(50), face(200, 100, 40, 0.96)];
    expect(tracking.step(0.1, later)).toEqual({ 1: 50, 2: 200 });
    expect(tracking.inDoubt).toBe(false);
    expect(tracking.step(0.2, [face(50), face(201)])).toEqual({ 1: 50, 2: 201 });
  });
  it('a new face in a later frame waits for its second detection where the ensemble or the detector doubts it', () => {
    for (const [score, quality] of [
      [0.96, 0.4],
      [0.94, 0.9],
    ] as const) {
      const tracking = new Tracking();
      tracking.step(0, [face(50)]);
      const later = [face(50), face(200, 100, 40, score)];
      expect(tracking.step(0.1, later, ({ box }) => (box.x1 > 100 ? quality : 0.9))).toEqual({ 1: 50 });
      expect(tracking.step(0.2, later)).toEqual({ 1: 50, 2: 200 });
    }
  });
  it('a new face that was detected once is forgotten, and takes no track number', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(50)]);
    tracking.step(0.1, [face(50), face(200)]);
    tracking.step(0.2, [face(50)]);
    tracking.step(0.3, [face(50), face(300)]);
    expect(tracking.step(0.4, [face(50), face(300)])).toEqual({ 1: 50, 2: 300 });
  });
  it('a new face is not begun by a detection of low confidence, which keeps a known one', () => {
    const tracking = new Tracking();
    expect(tracking.step(0, [face(50), face(200, 100, 40, 0.3)])).toEqual({ 1: 50 });
    expect(tracking.step(0.1, [face(52, 100, 40, 0.3), face(200, 100, 40, 0.3)])).toEqual({ 1: 52 });
    expect(tracking.step(0.2, [face(52), face(200, 100, 40, 0.3)])).toEqual({ 1: 52 });
  });
});

describe('a crop in which the ensemble sees no face', () => {
  /** Left of 150 there are faces, right of it none. */
  const quality = ({ box }: Detection) => (box.x1 < 150 ? 0.9 : 0.05);
  const judging = () => new Tracking({ minFaceQuality: 0.2 });

  it('a crop without a face is not reported, neither in a first frame nor later, and takes no track number', () => {
    const tracking = judging();
    expect(tracking.step(0, [face(50), face(300)], quality)).toEqual({ 1: 50 });
    for (const time of [0.1, 0.2, 0.3]) {
      expect(tracking.step(time, [face(50), face(300), face(400)], quality)).toEqual({ 1: 50 });
    }
    tracking.step(0.4, [face(50), face(100)], quality);
    expect(tracking.step(0.5, [face(50), face(100)], quality)).toEqual({ 1: 50, 2: 100 });
  });
  it('a crop without a face begins no track, so that a face in its place is confirmed by its own second detection', () => {
    const tracking = judging();
    tracking.step(0, [face(50)], quality);
    tracking.step(0.1, [face(50), face(300)], quality);
    expect(tracking.step(0.2, [face(50), face(300)])).toEqual({ 1: 50 });
    expect(tracking.step(0.3, [face(50), face(300)])).toEqual({ 1: 50, 2: 300 });
  });
  it('a crop without a face confirms no track that looked like a face once', () => {
    const tracking = judging();
    tracking.step(0, [face(50)]);
    tracking.step(0.1, [face(50), face(300)]);
    expect(tracking.step(0.2, [face(50), face(300)], quality)).toEqual({ 1: 50 });
    expect(tracking.isDue(0.3)).toBe(false);
  });
  it('a crop without a face hides a known face for a while, which keeps its track, and the next frame goes through the detector', () => {
    const tracking = judging();
    tracking.step(0, [face(50)]);
    const covered = () => 0.1;
    expect(tracking.step(0.1, [face(58)], covered)).toEqual({});
    expect(tracking.isDue(0.2)).toBe(true);
    expect(tracking.step(0.2, [face(52)])).toEqual({ 1: 52 });
    for (let t = 3; t <= 14; t++) expect(tracking.step(t / RATE, [face(52)], covered)).toEqual({});
    tracking.step(1.5, [face(52)]);
    expect(tracking.step(1.6, [face(52)])).toEqual({ 2: 52 });
  });
  it('a crop without a face makes a propagated track drift', () => {
    const tracking = new Tracking({ minFaceQuality: 0.6 });
    tracking.step(0, [face(100)]);
    const crops = tracking.propagate();
    expect(tracking.hasDrifted(crops, [observe(crops[0]!, face(100), 0.65)])).toBe(false);
    expect(tracking.hasDrifted(crops, [observe(crops[0]!, face(100), 0.55)])).toBe(true);
  });
  it('a crop without a face is reported all the same where the card has no threshold for it', () => {
    expect(new Tracking().step(0, [face(50), face(300)], quality)).toEqual({ 1: 50, 2: 300 });
  });
});

describe('association', () => {
  /** Two faces walk past each other; `seen` says what the detector finds of them. */
  function walk(seen: (left: Detection, right: Detection, overlap: boolean) => Detection[], dy = 0) {
    const tracking = new Tracking();
    let last: Record<number, number> = {};
    for (let i = 0; i <= 30; i++) {
      const [a, b] = [50 + i * 8, 290 - i * 8];
      const found = seen(face(a), face(b, 100 + dy), Math.abs(a - b) < 28);
      const now = tracking.step(i / RATE, i % 2 ? found : found.reverse());
      if (Object.keys(now).length === 2) last = now;
    }
    return last;
  }

  it('association keeps the tracks of two faces that cross', () => {
    const last = walk((a, b) => [a, b], 15);
    expect(last).toEqual({ 1: 50, 2: 290 });
  });
  it('association keeps the tracks of two faces of which one hides the other', () => {
    expect(walk((a, b, overlap) => (overlap ? [a] : [a, b]))).toEqual({ 1: 50, 2: 290 });
    expect(walk((a, b, overlap) => (overlap ? [b] : [a, b]))).toEqual({ 1: 50, 2: 290 });
  });
  it('association keeps the track of a face whose neighbour is not detected', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100), face(145)]);
    expect(tracking.step(0.1, [face(145)])).toEqual({ 2: 145 });
    expect(tracking.step(0.2, [face(100), face(145)])).toEqual({ 1: 100, 2: 145 });
  });
});

describe('a track that is not detected', () => {
  /** One frame with the face at 0 s, none until `until`, then the face again. */
  function hide(until: number): Record<number, number> {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    for (let t = 1; t / RATE < until - 1e-9; t++) {
      tracking.step(t / RATE, []);
      if (t / RATE < 1) expect(tracking.isDue((t + 1) / RATE)).toBe(true);
    }
    tracking.step(until, [face(102)]);
    return tracking.step(until + 0.1, [face(102)]);
  }
  it('a track that is not detected survives a second', () => expect(hide(1)).toEqual({ 1: 102 }));
  it('a track that is not detected is forgotten after more than a second', () =>
    expect(hide(1.6)).toEqual({ 2: 102 }));

  it('a track that is not detected survives a slow frame rate, but neither a gap of many seconds nor a jump back in time', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    expect(tracking.step(2, [face(101)])).toEqual({ 1: 101 });
    tracking.step(30, [face(101)]);
    expect(tracking.step(30.1, [face(101)])).toEqual({ 2: 101 });
    tracking.step(1, [face(101)]);
    expect(tracking.step(1.1, [face(101)])).toEqual({ 3: 101 });
  });
});

describe('the crop of a new face', () => {
  /** A detector that puts its landmarks too high and too wide, always by the same offset. */
  const offset = (x: number): Detection => {
    const { landmarks5, ...rest } = face(x);
    return {
      ...rest,
      landmarks5: landmarks5.map((v, i) => (i % 2 ? 97 + (v - 100) * 1.1 : x + (v - x) * 1.1)),
    };
  };
  const offTemplate = ({ toCrop }: TrackCrop, x: number) =>
    Math.max(...mapPoints(toCrop, face(x).landmarks5).map((v, i) => Math.abs(v - template[i]!)));

  it('the crop of a new face is realigned by the landmarks that the ensemble sees, and later crops by the offset that was learned', () => {
    const tracking = new Tracking();
    const [first] = tracking.update([offset(100)], 0);
    expect(offTemplate(first!, 100)).toBeGreaterThan(2);
    const second = tracking.realign(first!, observe(first!, face(100)))!;
    expect(offTemplate(second, 100)).toBeCloseTo(0, 6);
    tracking.commit([second], [observe(second, face(100))], 0);
    // From then on the track knows the offset.
    const [carried] = tracking.propagate();
    expect(offTemplate(carried!, 100)).toBeCloseTo(0, 6);
    const [found] = tracking.update([offset(110)], 0.5);
    expect(offTemplate(found!, 110)).toBeCloseTo(0, 6);
    expect(tracking.realign(found!, observe(found!, face(110)))).toBeNull();
  });

  it('the crop of a new face is not realigned by landmarks that lie far off, nor by those of no face', () => {
    const tracking = new Tracking({ minFaceQuality: 0.2 });
    const [first] = tracking.update([face(100)], 0);
    expect(tracking.realign(first!, observe(first!, face(120)))).toBeNull();
    expect(tracking.realign(first!, observe(first!, offset(100), 0.1))).toBeNull();
  });
});

describe('a propagated track', () => {
  it('a propagated track follows a face that moves and grows, whatever bias the ensemble has', () => {
    const tracking = new Tracking();
    const biased = (p: TrackCrop, where: Detection): Observation => ({
      landmarks5: observe(p, where).landmarks5.map((v, i) => (v - 24) * 0.9 + 24 + (i % 2)),
      quality: 0.9,
    });
    const first = tracking.update([face(100)], 0);
    tracking.commit(first, [biased(first[0]!, face(100))], 0);
    for (let i = 1; i < 5; i++) {
      const [crop] = tracking.propagate();
      const seen = biased(crop!, face(100 + i / 2, 100 + i / 4, 40 + i / 4));
      expect(tracking.hasDrifted([crop!], [seen])).toBe(false);
      tracking.commit([crop!], [seen], i / RATE);
      const { box, landmarks5 } = crop!.track;
      const expected = face(100 + i / 2, 100 + i / 4, 40 + i / 4);
      for (const side of ['x1', 'y1', 'x2', 'y2'] as const) {
        expect(Math.abs(box[side] - expected.box[side])).toBeLessThan(0.5);
      }
      landmarks5.forEach((v, k) => {
        expect(Math.abs(v - expected.landmarks5[k]!)).toBeLessThan(0.5);
      });
    }
  });

  it('a propagated track keeps the crop of its detection, in which errors do not add up', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    const [first] = tracking.propagate();
    for (let i = 1; i < 4; i++) {
      const [crop] = tracking.propagate();
      expect(crop!.toCrop).toBe(first!.toCrop);
      tracking.commit([crop!], [observe(crop!, face(100 + (i % 2)))], i / RATE);
      expect((crop!.track.box.x1 + crop!.track.box.x2) / 2).toBeCloseTo(100 + (i % 2), 6);
    }
  });

  it('a propagated track moves with its face, and makes the next detection due when it moved far', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    const moveTo = (x: number, time: number) => {
      const [crop] = tracking.propagate();
      tracking.commit([crop!], [observe(crop!, face(x))], time);
      return (crop!.track.box.x1 + crop!.track.box.x2) / 2;
    };
    expect(moveTo(100.5, 0.1)).toBeCloseTo(100.5, 6);
    expect(tracking.isDue(0.2)).toBe(false);
    expect(moveTo(103, 0.2)).toBeCloseTo(103, 6);
    expect(tracking.isDue(0.3)).toBe(true);
  });

  it('a propagated track has drifted where its face jumped, shrank, lost its quality, or is held by two tracks', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100), face(150)]);
    const both = tracking.propagate();
    const hasDrifted = (a: Observation, b: Observation) => tracking.hasDrifted(both, [a, b]);
    const [p, q] = both as [TrackCrop, TrackCrop];
    const still = observe(q, face(150));
    expect(hasDrifted(observe(p, face(103)), still)).toBe(false);
    expect(hasDrifted(observe(p, face(125)), still)).toBe(true);
    expect(hasDrifted(observe(p, face(100, 100, 24)), still)).toBe(true);
    expect(hasDrifted(observe(p, face(100), 0.3), still)).toBe(true);
    expect(hasDrifted(observe(p, face(103)), observe(q, face(147)))).toBe(false);
    const [near, far] = [face(100), face(117)];
    const close = new Tracking();
    close.step(0, [near, far]);
    const [r, s] = close.propagate() as [TrackCrop, TrackCrop];
    expect(close.hasDrifted([r, s], [observe(r, face(103)), observe(s, face(120))])).toBe(false);
    expect(close.hasDrifted([r, s], [observe(r, face(103)), observe(s, face(114))])).toBe(true);
  });
});

describe('a source with few frames', () => {
  it.each([1, 6, 10, 60])('keeps its tracks at a frame every %i s', (seconds) => {
    const tracking = new Tracking();
    const seen = [0, 1, 2, 3].map((at) => tracking.step(at * seconds, [face(50 + at)]));
    expect(seen).toEqual([{ 1: 50 }, { 1: 51 }, { 1: 52 }, { 1: 53 }]);
  });

  it.each<[string, (tracking: Tracking, time: number) => unknown]>([
    ['is hidden', (tracking, time) => tracking.step(time, [])],
    ['is no face to the ensemble', (tracking, time) => tracking.step(time, [face(50)], () => 0.1)],
  ])('keeps a track that %s in one frame, and ends it with the second', (_, miss) => {
    const seenAgainAt = (time: number) => {
      const tracking = new Tracking({ minFaceQuality: 0.2, activation: { score: 0, quality: 0 } });
      tracking.step(0, [face(50)]);
      for (let missed = 2; missed < time; missed += 2) miss(tracking, missed);
      return tracking.step(time, [face(50)]);
    };
    expect([seenAgainAt(4), seenAgainAt(6)]).toEqual([{ 1: 50 }, { 2: 50 }]);
  });

  it('begins its tracks anew behind a gap of three times its interval', () => {
    const tracking = new Tracking();
    for (const time of [0, 10, 20]) tracking.step(time, [face(50)]);
    expect(tracking.step(51, [face(50)], () => 0.9)).not.toHaveProperty('1');
  });
});

describe('what just reaches a threshold', () => {
  it('is taken for it: a score for a track, a score and a quality for its report, a quality for a face', () => {
    const tracking = new Tracking({ minFaceQuality: 0.25 });
    expect(tracking.step(0, [face(50, 100, 40, 0.5)], () => 0.25)).toEqual({ 1: 50 });
    expect(tracking.step(0.1, [face(50), face(200, 100, 40, 0.95)], () => 0.5)).toEqual({ 1: 50, 2: 200 });
  });

  it('is a face that has not drifted: with half its quality, or the least that a face has', () => {
    const seen = (quality: number, minFaceQuality: number) => {
      const tracking = new Tracking({ minFaceQuality });
      tracking.step(0, [face(100)], () => 1);
      const crops = tracking.propagate();
      return tracking.hasDrifted(crops, [observe(crops[0]!, face(100), quality)]);
    };
    expect([seen(0.5, 0), seen(0.49, 0), seen(0.75, 0.75), seen(0.74, 0.75)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('landmarks that lie in one point', () => {
  const inOnePoint = { ...face(100), landmarks5: new Float64Array(10).fill(100) };

  it('give a detection no crop, and its track none to propagate', () => {
    const tracking = new Tracking();
    expect(tracking.update([inOnePoint], 0)).toEqual([]);
    expect(tracking.propagate()).toEqual([]);
  });

  it('are those of a face that was lost', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    const crops = tracking.propagate();
    expect(tracking.hasDrifted(crops, [observe(crops[0]!, inOnePoint)])).toBe(true);
  });
});

describe('the crop of a face that is not realigned', () => {
  it('is one that was propagated, or one of a new face that is not sure yet', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    const [propagated] = tracking.propagate();
    propagated!.track.offsetTemplate = null;
    expect(tracking.realign(propagated!, observe(propagated!, face(100)))).toBeNull();
    const [, unsure] = tracking.update([face(100), face(200)], 0.1);
    expect(tracking.realign(unsure!, observe(unsure!, face(200)))).toBeNull();
    const [, , activated] = tracking.update([face(100), face(200), face(300, 100, 40, 0.95)], 0.2);
    expect(tracking.realign(activated!, observe(activated!, face(300)))).not.toBeNull();
  });
});

describe('a gap between two frames', () => {
  /** The numbers of the tracks behind a frame at each of these times. */
  const numbers = (times: readonly number[]) => {
    const tracking = new Tracking({ activation: { score: 0, quality: 0 } });
    return times.map((time) => Object.keys(tracking.step(time, [face(50)])).join());
  };

  it('ends the tracks where it is longer than five seconds and than three steps', () => {
    expect(numbers([0, 1, 6])).toEqual(['1', '1', '1']);
    expect(numbers([0, 1, 6.01])).toEqual(['1', '1', '2']);
    expect(numbers([0, 2, 8])).toEqual(['1', '1', '1']);
    expect(numbers([0, 2, 8.01])).toEqual(['1', '1', '2']);
    // Of two frames of one time, and behind the first of all, nobody knows a step.
    expect(numbers([0, 2, 2, 8])).toEqual(['1', '1', '1', '1']);
    expect(numbers([0, 100])).toEqual(['1', '1']);
  });
});

describe('another scene or size', () => {
  const open = () => {
    const tracker = new Tracker({
      ...{ template, cropSize: 48, highConfidence: 0.5, firstTrackId: 1 },
      activation: { score: 0, quality: 0 },
    });
    const step = (time: number, at: Detection) => {
      const crops = tracker.update([at], time);
      tracker.commit(
        crops,
        crops.map((crop) => observe(crop, at)),
        time,
      );
      return tracker.tracks.map(({ id }) => id);
    };
    return { tracker, step };
  };

  it('ends all tracks with the scene, however near the next face is', () => {
    const { tracker, step } = open();
    expect(step(0, face(100))).toEqual([1]);
    tracker.endAll();
    expect(tracker.tracks).toEqual([]);
    expect(step(0.1, face(100))).toEqual([2]);
  });

  it('keeps the tracks of pictures that have another size, and nothing to propagate', () => {
    const { tracker, step } = open();
    step(0, face(100));
    tracker.resize(1.5, 1.5);
    expect(tracker.propagate()).toEqual([]);
    expect(step(0.1, face(150, 150, 60))).toEqual([1]);
  });
});

it('a track tells when and where its crop was placed, how fast its face came there, and that it is not lost', () => {
  const tracking = new Tracking({ activation: { score: 0, quality: 0 } });
  tracking.step(0, [face(100)]);
  tracking.step(0.1, []);
  tracking.step(0.5, [face(104)]);
  const [{ track } = null as never] = tracking.propagate();
  // 4 of 40 pixels of the face, which its crop shows on 48, in half a second.
  expect(track.motionRate).toBeCloseTo(2, 6);
  expect(track).toMatchObject({
    ...{ id: 1, croppedAt: 0.5, lastSeen: 0.5, missedFrames: 0, fastMoving: false },
    ...{ velocity: { x: expect.closeTo(4, 6), y: 0 }, box: face(104).box },
  });
});
