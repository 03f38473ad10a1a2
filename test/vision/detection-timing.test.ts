import { describe, expect, it } from 'vitest';
import { DetectionTiming } from '../../src/vision/tracking/detection-timing.ts';
import { createTrack, type Track } from '../../src/vision/tracking/track.ts';
import { DetectionStagger } from '../../src/vision/workers/detection-stagger.ts';
import { face, observe, RATE, Tracking } from './tracking.ts';

describe('a detection', () => {
  it('a detection is due every few frames while no track is in doubt, also after a gap', () => {
    const tracking = new Tracking();
    const detected: number[] = [];
    for (let i = 0; i < 11; i++) {
      const time = i / 20;
      if (tracking.isDue(time)) {
        detected.push(i);
        tracking.step(time, [face(100)]);
      } else {
        const crops = tracking.propagate();
        tracking.commit(
          crops,
          crops.map((p) => observe(p, face(100))),
          time,
        );
      }
    }
    expect(detected).toEqual([0, 5, 10]);
    expect(tracking.isDue(0.51)).toBe(false);
    expect(tracking.isDue(0.9)).toBe(false);
    expect(tracking.isDue(0.4)).toBe(true);
  });

  it.each([
    [10, [0, 5, 10, 15]],
    [4, [0, 4, 8, 12]],
    [2, [0, 2, 4, 6, 8, 10, 12, 14]],
    [0.5, [0, 2, 4, 6, 8, 10, 12, 14]],
  ])(
    'of %s frames a second no more are detected than that a new face is found in a second, or in the second frame',
    (rate, wanted) => {
      const tracking = new Tracking();
      const detected: number[] = [];
      for (let i = 0; i < 16; i++) {
        if (tracking.isDue(i / rate)) {
          detected.push(i);
          tracking.step(i / rate, [face(100)]);
        } else {
          const crops = tracking.propagate();
          expect(crops).toHaveLength(1);
          const observations = crops.map((crop) => observe(crop, face(100)));
          tracking.commit(crops, observations, i / rate);
        }
      }
      expect(detected).toEqual(wanted);
    },
  );

  it('a detection that was not due does not put off the one that is', () => {
    const tracking = new Tracking();
    const detected: number[] = [];
    for (let i = 0; i < 11; i++) {
      if (!tracking.isDue(i / 20)) {
        const crops = tracking.propagate();
        const observations = crops.map((p) => observe(p, face(50)));
        tracking.commit(crops, observations, i / 20);
        continue;
      }
      detected.push(i);
      // In the fifth frame another face seems to be there, and is not.
      tracking.step(i / 20, i === 5 ? [face(50), face(200)] : [face(50)]);
    }
    expect(detected).toEqual([0, 5, 6, 10]);
  });

  it('a detection is due or not for frames that are ahead of the last committed one', () => {
    const tracking = new Tracking();
    tracking.step(0, [face(100)]);
    expect(tracking.inDoubt).toBe(false);
    const ahead = [0.05, 0.1, 0.15];
    expect(tracking.isDue(0.2, ahead)).toBe(false);
    expect(tracking.isDue(0.25, [...ahead, 0.2])).toBe(true);
    expect(tracking.isDue(0.45, ahead)).toBe(false);
    expect(tracking.isDue(1, ahead)).toBe(true);
    expect(tracking.isDue(0.1, ahead)).toBe(true);
    tracking.update([face(100), face(300)], 0.25);
    expect(tracking.inDoubt).toBe(true);
  });

  it('a detection is due before a face leaves its crop, which is expected to go on as it came', () => {
    /** Frames until the next detection, of a face that comes so many pixels further in each; its crop is 40 pixels wide. */
    const untilDetected = (speed: number) => {
      const tracking = new Tracking();
      tracking.step(0, [face(100)]);
      for (const i of [1, 2, 3, 4]) tracking.commit([], [], i / RATE);
      tracking.step(0.5, [face(100 + 5 * speed)]);
      const ahead: number[] = [];
      while (!tracking.isDue(0.6 + ahead.length / RATE, ahead)) ahead.push(0.6 + ahead.length / RATE);
      return ahead.length + 1;
    };
    expect([0, 0.2, 1, 2, 5].map(untilDetected)).toEqual([5, 5, 3, 2, 1]);
  });
});

describe('streams that began together', () => {
  /** How many of the streams are detected in each of so many frames, of which all come at once. */
  const detections = (streams: Tracking[], times: readonly number[]) =>
    times.map((time) => {
      const due = streams.filter((stream) => stream.isDue(time));
      for (const stream of streams) {
        if (due.includes(stream)) {
          stream.step(time, [face(100)]);
          continue;
        }
        const crops = stream.propagate();
        const observations = crops.map((crop) => observe(crop, face(100)));
        stream.commit(crops, observations, time);
      }
      return due.length;
    });
  const frames = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i / RATE);
  const inTurns = (count: number) => {
    const turns = new DetectionStagger(5);
    return Array.from({ length: count }, (_, stream) => new Tracking({}, turns.take(stream)));
  };

  it.each([8, 16])('%s streams are detected in turns, no more than a fifth of them in a frame', (count) => {
    const [first, ...later] = detections(inTurns(count), frames(0, 40));
    expect(first).toBe(count);
    expect(Math.max(...later)).toBe(Math.ceil(count / 5));
    expect(later.slice(4).reduce((sum, n) => sum + n)).toBe((35 * count) / 5);
  });

  it('streams that all waited for something come back to their turns', () => {
    const streams = inTurns(10);
    detections(streams, frames(0, 20));
    const [after, ...later] = detections(streams, frames(5, 40));
    expect(after).toBeGreaterThan(5);
    expect(Math.max(...later.slice(20))).toBe(2);
  });

  it('streams without a face are detected in every second frame, half of them in each', () => {
    const streams = inTurns(10);
    const empty = frames(0, 20).map((time) => {
      const due = streams.filter((stream) => stream.isDue(time));
      for (const stream of streams) {
        if (due.includes(stream)) stream.step(time, []);
        else stream.commit([], [], time);
      }
      return due.length;
    });
    expect(empty.slice(4).every((count) => count > 3 && count < 7)).toBe(true);
  });

  it('the turn of a stream that ends is the next one that is taken', () => {
    const turns = new DetectionStagger(3);
    expect([7, 8, 9, 10].map((stream) => turns.take(stream))).toEqual([0, 1, 2, 0]);
    turns.giveBack(8);
    turns.giveBack(8);
    turns.giveBack(99);
    expect([11, 12].map((stream) => turns.take(stream))).toEqual([1, 1]);
  });
});

describe('of the frames of a stream', () => {
  const tracked: Track = { ...createTrack(face(100), 0), id: 1 };

  function timing(detectEvery: number, tracks: Track[], turn?: number) {
    const one = new DetectionTiming(detectEvery, { tracks }, turn);
    /** The numbers of the frames at these times that go through the detector. */
    const detected = (times: readonly number[]) =>
      times.flatMap((time, frame) => {
        const isDue = one.isDue(time);
        if (isDue) one.noteDetection(time);
        one.noteCommit(time);
        return isDue ? [frame] : [];
      });
    return { one, detected };
  }
  const tenths = (count: number) => Array.from({ length: count }, (_, i) => i / 10);

  it('every second goes through the detector while there is no face, or each where that is asked for', () => {
    expect(timing(5, []).detected(tenths(6))).toEqual([0, 2, 4]);
    expect(timing(1, []).detected(tenths(3))).toEqual([0, 1, 2]);
    expect(timing(5, [tracked]).detected(tenths(11))).toEqual([0, 5, 10]);
    expect(timing(1, [tracked]).detected(tenths(3))).toEqual([0, 1, 2]);
  });

  it('those go through it that follow a frame with a face in doubt', () => {
    const behind = (change: Partial<Track>) => {
      const { one, detected } = timing(5, [tracked, { ...tracked, ...change }]);
      detected([0]);
      return [one.inDoubt, one.isDue(0.1)];
    };
    expect(behind({})).toEqual([false, false]);
    for (const doubt of [{ id: 0 }, { missedFrames: 1 }, { fastMoving: true }])
      expect([doubt, behind(doubt)]).toEqual([doubt, [true, true]]);
  });

  it('the first of an earlier time goes through it, from which the next ones are counted', () => {
    const { detected } = timing(5, [tracked]);
    expect(detected([1, 1.1, 1.1, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1])).toEqual([0, 3, 8]);
  });

  it('one of the same time that goes through it for a doubt does not put the next one off', () => {
    const doubtful = { ...tracked };
    const { one, detected } = timing(5, [doubtful]);
    detected([0, 0.1, 0.2]);
    doubtful.fastMoving = true;
    expect(detected([0.2])).toEqual([0]);
    doubtful.fastMoving = false;
    expect([one.isDue(0.3), detected([0.3]), one.isDue(0.4)]).toEqual([false, [], true]);
  });

  it('those of its turn go through it, to which it comes back a frame at a time', () => {
    expect(timing(5, [tracked], 0).detected(tenths(16))).toEqual([0, 5, 10, 15]);
    expect(timing(5, [tracked], 2).detected(tenths(16))).toEqual([0, 3, 8, 13]);
    expect(timing(5, [tracked], 4).detected(tenths(16))).toEqual([0, 1, 6, 11]);
    // Behind a gap the fourth frame goes through it, which is not its turn.
    const times = tenths(26).map((time, frame) => (frame < 3 ? time : time + 5));
    expect(timing(5, [tracked], 0).detected(times)).toEqual([0, 3, 7, 11, 15, 20, 25]);
  });
});
