import { describe, expect, it } from 'vitest';
import { face, observe, RATE, Tracking } from './tracking.ts';

describe('a detection', () => {
  it('a detection is due every few frames while no track is in doubt, and at once after a gap', () => {
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
    expect(tracking.isDue(0.9)).toBe(true);
  });

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
    expect(tracking.isDue(0.45, ahead)).toBe(true);
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
