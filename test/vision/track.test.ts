import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/vision/detection/detector.ts';
import { mapPoints } from '../../src/vision/image/geometry.ts';
import { type Placement, type Sight, Tracker } from '../../src/vision/tracking/tracker.ts';
import { TEMPLATE } from '../helpers/tiny-models.ts';

const SIZE = 48;
const template = TEMPLATE.flat().map((v) => v * SIZE);
const RATE = 10;

const open = (changes = {}) =>
  new Tracker({
    template,
    cropSize: SIZE,
    sure: 0.5,
    certain: { score: 0.95, quality: 0.5 },
    detectEvery: 5,
    firstTrack: 1,
    ...changes,
  });

/** A face of `size` pixels around (x, y). */
function face(x: number, y = 100, size = 40, score = 0.9): Detection {
  const half = size / 2;
  const five = Float64Array.from(TEMPLATE.flatMap(([u, v]) => [x + (u - 0.5) * size, y + (v - 0.5) * size]));
  return { box: { x1: x - half, y1: y - half, x2: x + half, y2: y + half }, five, score };
}

/** The ensemble's sight of a face that really is where `where` says. */
function sight({ toCrop }: Placement, where: Detection, quality = 0.9): Sight {
  return { five: mapPoints(toCrop, where.five), quality };
}

/** A searched frame's placements, and what the ensemble sees in them. */
function searched(tracker: Tracker, ...detections: Detection[]): [Placement[], Sight[]] {
  const placements = tracker.place(detections, 0);
  return [placements, placements.map((p) => sight(p, p.detection!))];
}

/** Runs one searched frame; the ensemble sees what was detected, in this quality. Returns x by track. */
function step(
  tracker: Tracker,
  time: number,
  detections: Detection[],
  quality = (_: Detection) => 0.9,
): Record<number, number> {
  const placements = tracker.place(detections, time);
  const reported = tracker.commit(
    placements,
    placements.map((p) => sight(p, p.detection!, quality(p.detection!))),
    time,
  );
  const faces = placements.filter((_, i) => reported[i]);
  return Object.fromEntries(faces.map(({ track }) => [track.id, (track.box.x1 + track.box.x2) / 2]));
}

describe('appearing', () => {
  it('the first frame reports its faces at once, numbered from 1', () => {
    expect(step(open(), 0, [face(50), face(200)])).toEqual({ 1: 50, 2: 200 });
  });
  it('numbers go on after a worker was replaced', () => {
    expect(step(open({ firstTrack: 4 }), 0, [face(50)])).toEqual({ 4: 50 });
  });
  it('a later face is confirmed by its second detection, for which the next frame is searched', () => {
    const tracker = open();
    step(tracker, 0, [face(50)]);
    expect(step(tracker, 0.1, [face(50), face(200)])).toEqual({ 1: 50 });
    expect(tracker.wantsDetection(0.2)).toBe(true);
    expect(step(tracker, 0.2, [face(50), face(201)])).toEqual({ 1: 50, 2: 201 });
  });
  it('a later face that is certain is reported at once', () => {
    const tracker = open();
    step(tracker, 0, [face(50)]);
    const later = [face(50), face(200, 100, 40, 0.96)];
    expect(step(tracker, 0.1, later)).toEqual({ 1: 50, 2: 200 });
    expect(tracker.inDoubt).toBe(false);
    expect(step(tracker, 0.2, [face(50), face(201)])).toEqual({ 1: 50, 2: 201 });
  });
  it('not so one that the ensemble doubts, nor one that the detector does', () => {
    for (const [score, quality] of [
      [0.96, 0.4],
      [0.94, 0.9],
    ] as const) {
      const tracker = open();
      step(tracker, 0, [face(50)]);
      const later = [face(50), face(200, 100, 40, score)];
      expect(step(tracker, 0.1, later, ({ box }) => (box.x1 > 100 ? quality : 0.9))).toEqual({ 1: 50 });
      expect(step(tracker, 0.2, later)).toEqual({ 1: 50, 2: 200 });
    }
  });
  it('a search for a doubt does not put off the one that is due', () => {
    const tracker = open();
    const searched: number[] = [];
    for (let i = 0; i < 11; i++) {
      if (!tracker.wantsDetection(i / 20)) {
        const placements = tracker.carry();
        const sights = placements.map((p) => sight(p, face(50)));
        tracker.commit(placements, sights, i / 20);
        continue;
      }
      searched.push(i);
      // In the fifth frame another face seems to be there, and is not.
      step(tracker, i / 20, i === 5 ? [face(50), face(200)] : [face(50)]);
    }
    expect(searched).toEqual([0, 5, 6, 10]);
  });
  it('a face that was seen once is forgotten, and costs no number', () => {
    const tracker = open();
    step(tracker, 0, [face(50)]);
    step(tracker, 0.1, [face(50), face(200)]);
    step(tracker, 0.2, [face(50)]);
    step(tracker, 0.3, [face(50), face(300)]);
    expect(step(tracker, 0.4, [face(50), face(300)])).toEqual({ 1: 50, 2: 300 });
  });
  it('a doubtful detection keeps a track, but begins none', () => {
    const tracker = open();
    expect(step(tracker, 0, [face(50), face(200, 100, 40, 0.3)])).toEqual({ 1: 50 });
    expect(step(tracker, 0.1, [face(52, 100, 40, 0.3), face(200, 100, 40, 0.3)])).toEqual({ 1: 52 });
    expect(step(tracker, 0.2, [face(52), face(200, 100, 40, 0.3)])).toEqual({ 1: 52 });
  });
});

describe('what the ensemble takes for no face', () => {
  /** Left of 150 there are faces, right of it none. */
  const quality = ({ box }: Detection) => (box.x1 < 150 ? 0.9 : 0.05);
  const judging = () => open({ face: 0.2 });

  it('is not reported, neither in a first frame nor later, and costs no number', () => {
    const tracker = judging();
    expect(step(tracker, 0, [face(50), face(300)], quality)).toEqual({ 1: 50 });
    for (const time of [0.1, 0.2, 0.3]) {
      expect(step(tracker, time, [face(50), face(300), face(400)], quality)).toEqual({ 1: 50 });
    }
    step(tracker, 0.4, [face(50), face(100)], quality);
    expect(step(tracker, 0.5, [face(50), face(100)], quality)).toEqual({ 1: 50, 2: 100 });
  });
  it('begins no track: a face in its place is confirmed by its own second detection', () => {
    const tracker = judging();
    step(tracker, 0, [face(50)], quality);
    step(tracker, 0.1, [face(50), face(300)], quality);
    expect(step(tracker, 0.2, [face(50), face(300)])).toEqual({ 1: 50 });
    expect(step(tracker, 0.3, [face(50), face(300)])).toEqual({ 1: 50, 2: 300 });
  });
  it('confirms none: what looked like a face once is not reported', () => {
    const tracker = judging();
    step(tracker, 0, [face(50)]);
    step(tracker, 0.1, [face(50), face(300)]);
    expect(step(tracker, 0.2, [face(50), face(300)], quality)).toEqual({ 1: 50 });
    expect(tracker.wantsDetection(0.3)).toBe(false);
  });
  it('hides a known face for a while: it keeps its place and number, and the next frame is searched', () => {
    const tracker = judging();
    step(tracker, 0, [face(50)]);
    const covered = () => 0.1;
    expect(step(tracker, 0.1, [face(58)], covered)).toEqual({});
    expect(tracker.wantsDetection(0.2)).toBe(true);
    expect(step(tracker, 0.2, [face(52)])).toEqual({ 1: 52 });
    for (let t = 3; t <= 14; t++) expect(step(tracker, t / RATE, [face(52)], covered)).toEqual({});
    step(tracker, 1.5, [face(52)]);
    expect(step(tracker, 1.6, [face(52)])).toEqual({ 2: 52 });
  });
  it('makes a carried track look for its face again', () => {
    const tracker = open({ face: 0.6 });
    step(tracker, 0, [face(100)]);
    const placements = tracker.carry();
    expect(tracker.drifted(placements, [sight(placements[0]!, face(100), 0.65)])).toBe(false);
    expect(tracker.drifted(placements, [sight(placements[0]!, face(100), 0.55)])).toBe(true);
  });
  it('is left to the detector where the card says nothing of it', () => {
    expect(step(open(), 0, [face(50), face(300)], quality)).toEqual({ 1: 50, 2: 300 });
  });
});

describe('meeting', () => {
  /** Two faces walk past each other; `seen` says what the detector finds of them. */
  function walk(seen: (left: Detection, right: Detection, overlap: boolean) => Detection[], dy = 0) {
    const tracker = open();
    let last: Record<number, number> = {};
    for (let i = 0; i <= 30; i++) {
      const [a, b] = [50 + i * 8, 290 - i * 8];
      const found = seen(face(a), face(b, 100 + dy), Math.abs(a - b) < 28);
      const now = step(tracker, i / RATE, i % 2 ? found : found.reverse());
      if (Object.keys(now).length === 2) last = now;
    }
    return last;
  }

  it('two faces that cross keep their numbers', () => {
    const last = walk((a, b) => [a, b], 15);
    expect(last).toEqual({ 1: 50, 2: 290 });
  });
  it('so they do when one hides the other', () => {
    expect(walk((a, b, overlap) => (overlap ? [a] : [a, b]))).toEqual({ 1: 50, 2: 290 });
    expect(walk((a, b, overlap) => (overlap ? [b] : [a, b]))).toEqual({ 1: 50, 2: 290 });
  });
  it('a face keeps its number when its neighbour is not found', () => {
    const tracker = open();
    step(tracker, 0, [face(100), face(145)]);
    expect(step(tracker, 0.1, [face(145)])).toEqual({ 2: 145 });
    expect(step(tracker, 0.2, [face(100), face(145)])).toEqual({ 1: 100, 2: 145 });
  });
});

describe('hiding', () => {
  /** One frame with the face at 0 s, none until `until`, then the face again. */
  function hide(until: number): Record<number, number> {
    const tracker = open();
    step(tracker, 0, [face(100)]);
    for (let t = 1; t / RATE < until - 1e-9; t++) {
      step(tracker, t / RATE, []);
      if (t / RATE < 1) expect(tracker.wantsDetection((t + 1) / RATE)).toBe(true);
    }
    step(tracker, until, [face(102)]);
    return step(tracker, until + 0.1, [face(102)]);
  }
  it('a track survives a second out of sight', () => expect(hide(1)).toEqual({ 1: 102 }));
  it('then it is forgotten', () => expect(hide(1.6)).toEqual({ 2: 102 }));

  it('tracks survive a slow frame rate, but not a gap or a jump back', () => {
    const tracker = open();
    step(tracker, 0, [face(100)]);
    expect(step(tracker, 2, [face(101)])).toEqual({ 1: 101 });
    step(tracker, 30, [face(101)]);
    expect(step(tracker, 30.1, [face(101)])).toEqual({ 2: 101 });
    step(tracker, 1, [face(101)]);
    expect(step(tracker, 1.1, [face(101)])).toEqual({ 3: 101 });
  });
});

describe('carrying', () => {
  it('searches every few frames while all is well, and at once after a gap', () => {
    const tracker = open();
    const searched: number[] = [];
    for (let i = 0; i < 11; i++) {
      const time = i / 20;
      if (tracker.wantsDetection(time)) {
        searched.push(i);
        step(tracker, time, [face(100)]);
      } else {
        const placements = tracker.carry();
        tracker.commit(
          placements,
          placements.map((p) => sight(p, face(100))),
          time,
        );
      }
    }
    expect(searched).toEqual([0, 5, 10]);
    expect(tracker.wantsDetection(0.51)).toBe(false);
    expect(tracker.wantsDetection(0.9)).toBe(true);
  });

  it('follows a face that moves and grows, whatever bias the ensemble has', () => {
    const tracker = open();
    const biased = (p: Placement, where: Detection): Sight => ({
      five: sight(p, where).five.map((v, i) => (v - 24) * 0.9 + 24 + (i % 2)),
      quality: 0.9,
    });
    const first = tracker.place([face(100)], 0);
    tracker.commit(first, [biased(first[0]!, face(100))], 0);
    for (let i = 1; i < 5; i++) {
      const [placement] = tracker.carry();
      const seen = biased(placement!, face(100 + i / 2, 100 + i / 4, 40 + i / 4));
      expect(tracker.drifted([placement!], [seen])).toBe(false);
      tracker.commit([placement!], [seen], i / RATE);
      const { box, five } = placement!.track;
      const expected = face(100 + i / 2, 100 + i / 4, 40 + i / 4);
      for (const side of ['x1', 'y1', 'x2', 'y2'] as const) {
        expect(Math.abs(box[side] - expected.box[side])).toBeLessThan(0.5);
      }
      five.forEach((v, k) => {
        expect(Math.abs(v - expected.five[k]!)).toBeLessThan(0.5);
      });
    }
  });

  it('keeps the crop of its search, in which errors do not add up', () => {
    const tracker = open();
    step(tracker, 0, [face(100)]);
    const [first] = tracker.carry();
    for (let i = 1; i < 4; i++) {
      const [placement] = tracker.carry();
      expect(placement!.toCrop).toBe(first!.toCrop);
      tracker.commit([placement!], [sight(placement!, face(100 + (i % 2)))], i / RATE);
      expect((placement!.track.box.x1 + placement!.track.box.x2) / 2).toBeCloseTo(100 + (i % 2), 6);
    }
  });

  it('knows of frames ahead that are not yet committed which ones will be searched', () => {
    const tracker = open();
    tracker.commit(...searched(tracker, face(100)), 0);
    expect(tracker.inDoubt).toBe(false);
    const ahead = [0.05, 0.1, 0.15];
    expect(tracker.wantsDetection(0.2, ahead)).toBe(false);
    expect(tracker.wantsDetection(0.25, [...ahead, 0.2])).toBe(true);
    expect(tracker.wantsDetection(0.45, ahead)).toBe(true);
    expect(tracker.wantsDetection(0.1, ahead)).toBe(true);
    tracker.place([face(100), face(300)], 0.25);
    expect(tracker.inDoubt).toBe(true);
  });

  it('expects of a face that it goes on as it came, and searches it before it leaves its crop', () => {
    /** Frames until the next search, of a face that comes so many pixels further in each; its crop is 40 pixels wide. */
    const untilSearched = (speed: number) => {
      const tracker = open();
      step(tracker, 0, [face(100)]);
      for (const i of [1, 2, 3, 4]) tracker.commit([], [], i / RATE);
      step(tracker, 0.5, [face(100 + 5 * speed)]);
      const ahead: number[] = [];
      while (!tracker.wantsDetection(0.6 + ahead.length / RATE, ahead)) ahead.push(0.6 + ahead.length / RATE);
      return ahead.length + 1;
    };
    expect([0, 0.2, 1, 2, 5].map(untilSearched)).toEqual([5, 5, 3, 2, 1]);
  });

  it('moves with its face, and looks again after it moved far', () => {
    const tracker = open();
    step(tracker, 0, [face(100)]);
    const moveTo = (x: number, time: number) => {
      const [placement] = tracker.carry();
      tracker.commit([placement!], [sight(placement!, face(x))], time);
      return (placement!.track.box.x1 + placement!.track.box.x2) / 2;
    };
    expect(moveTo(100.5, 0.1)).toBeCloseTo(100.5, 6);
    expect(tracker.wantsDetection(0.2)).toBe(false);
    expect(moveTo(103, 0.2)).toBeCloseTo(103, 6);
    expect(tracker.wantsDetection(0.3)).toBe(true);
  });

  it('notices a face that jumped, shrank, lost its quality, or is held by two tracks', () => {
    const tracker = open();
    step(tracker, 0, [face(100), face(150)]);
    const both = tracker.carry();
    const drifted = (a: Sight, b: Sight) => tracker.drifted(both, [a, b]);
    const [p, q] = both as [Placement, Placement];
    const still = sight(q, face(150));
    expect(drifted(sight(p, face(103)), still)).toBe(false);
    expect(drifted(sight(p, face(125)), still)).toBe(true);
    expect(drifted(sight(p, face(100, 100, 24)), still)).toBe(true);
    expect(drifted(sight(p, face(100), 0.3), still)).toBe(true);
    expect(drifted(sight(p, face(103)), sight(q, face(147)))).toBe(false);
    const [near, far] = [face(100), face(117)];
    const close = open();
    step(close, 0, [near, far]);
    const [r, s] = close.carry() as [Placement, Placement];
    expect(close.drifted([r, s], [sight(r, face(103)), sight(s, face(120))])).toBe(false);
    expect(close.drifted([r, s], [sight(r, face(103)), sight(s, face(114))])).toBe(true);
  });
});

describe('aligning', () => {
  /** A detector that puts its points too high and too wide by habit. */
  const habitual = (x: number): Detection => {
    const { five, ...rest } = face(x);
    return { ...rest, five: five.map((v, i) => (i % 2 ? 97 + (v - 100) * 1.1 : x + (v - x) * 1.1)) };
  };
  const offTemplate = ({ toCrop }: Placement, x: number) =>
    Math.max(...mapPoints(toCrop, face(x).five).map((v, i) => Math.abs(v - template[i]!)));

  it('looks at a new face again, where the landmarks say it is', () => {
    const tracker = open();
    const [first] = tracker.place([habitual(100)], 0);
    expect(offTemplate(first!, 100)).toBeGreaterThan(2);
    const second = tracker.lookAgain(first!, sight(first!, face(100)))!;
    expect(offTemplate(second, 100)).toBeCloseTo(0, 6);
    tracker.commit([second], [sight(second, face(100))], 0);
    // From then on the track knows the detector's habit.
    const [carried] = tracker.carry();
    expect(offTemplate(carried!, 100)).toBeCloseTo(0, 6);
    const [found] = tracker.place([habitual(110)], 0.5);
    expect(offTemplate(found!, 110)).toBeCloseTo(0, 6);
    expect(tracker.lookAgain(found!, sight(found!, face(110)))).toBeNull();
  });

  it('believes neither landmarks that lie far off, nor those of what is no face', () => {
    const tracker = open({ face: 0.2 });
    const [first] = tracker.place([face(100)], 0);
    expect(tracker.lookAgain(first!, sight(first!, face(120)))).toBeNull();
    expect(tracker.lookAgain(first!, sight(first!, habitual(100), 0.1))).toBeNull();
  });
});
