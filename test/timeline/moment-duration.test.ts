import { describe, expect, it } from 'vitest';
import { createDurations } from '../../src/timeline/moment-duration.ts';

/** What each moment stands for, the newest one included, and how many frames the source did not give in all. */
function durationsOf(frameRate: number, times: readonly number[], dropped: readonly number[] = []) {
  const { next } = createDurations(frameRate);
  const steps = times.map((time, at) => next(time, busy(dropped[at])));
  const told = steps.map(({ previousDuration }) => previousDuration);
  return {
    durations: [...told.slice(1), told.at(-1)!],
    missing: steps.reduce((sum, { missing }) => sum + missing, 0),
  };
}
const busy = (frames: number | undefined) => (frames ? { busy: frames } : {});
const total = (durations: readonly number[]) => durations.reduce((sum, value) => sum + value, 0);
const every = (seconds: number, count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => from + at * seconds);

describe('a moment stands', () => {
  it('to the next one, the newest as long as the one before', () => {
    expect(durationsOf(10, [0, 0.1, 0.22, 0.3])).toEqual({ durations: [0.1, 0.12, 0.08, 0.08], missing: 0 });
  });

  it('alone for the interval of its stream', () => {
    expect(durationsOf(4, [7])).toEqual({ durations: [0.25], missing: 0 });
  });

  it('for one and a half intervals at most, where the source paused for an hour', () => {
    const times = [...every(0.04, 13), ...every(0.04, 12, 3600)];
    const { durations, missing } = durationsOf(25, times);
    expect(durations[12]).toBe(0.06);
    expect(total(durations)).toBeCloseTo(24 * 0.04 + 0.06, 9);
    expect(missing).toBe(Math.round((3600 - 0.48) / 0.04) - 1);
  });

  it('to the next one of a camera that is slower than its stream', () => {
    const { durations, missing } = durationsOf(10, every(1, 8));
    expect([total(durations), missing]).toEqual([8, 0]);
  });

  it.each([0.5, 5, 60, 300])(
    'to the next one of a source with a frame every %d s, but for the first',
    (interval) => {
      const { durations } = durationsOf(10, every(interval, 6));
      expect(durations.slice(1)).toEqual(Array(5).fill(interval));
    },
  );

  it('for one and a half intervals where a first step longer than ten seconds may be a pause', () => {
    expect(durationsOf(10, [0, 3600, 3600.1, 3600.2]).durations).toEqual([0.15, 0.1, 0.1, 0.1]);
    expect(durationsOf(10, [0, 10]).durations).toEqual([10, 10]);
  });

  it('at most as long as the source usually takes, also after its rate has changed', () => {
    const { durations } = durationsOf(10, [...every(0.1, 10), ...every(2, 10, 1)]);
    expect(durations.filter((seconds) => seconds === 2)).toHaveLength(8);
    // Of its last five steps the median is 3 s, and one and a half times that 4.5 s; of the last four the lower is 2 s.
    expect(durationsOf(1, [0, 9, 10, 12, 15, 19]).durations[4]).toBe(4);
  });

  it('to the next one that comes after one and a half intervals, and nothing is missing', () => {
    const { durations, missing } = durationsOf(10, [...every(2, 6), 13]);
    expect([durations[5], missing]).toEqual([3, 0]);
  });

  it('for ten minutes at most, however slow its source is', () => {
    const { durations, missing } = durationsOf(10, every(2000, 6));
    expect(durations.slice(1)).toEqual(Array(5).fill(600));
    // Of the 2000 s between two, at one frame in ten minutes, and of the first 2000 at the stream's rate.
    expect(missing).toBe(19_999 + 4 * 2);
    expect(durationsOf(10, every(599, 6)).durations.slice(1)).toEqual(Array(5).fill(599));
  });

  it('to the next one also where that is late by what timestamps are rounded and cameras jitter, and no later', () => {
    const late = (frameRate: number, seconds: number) =>
      durationsOf(frameRate, [...every(1 / frameRate, 5), 4 / frameRate + seconds]);
    expect(late(10, 0.207)).toEqual({ durations: [0.1, 0.1, 0.1, 0.1, 0.207, 0.207], missing: 0 });
    expect(late(10, 0.209)).toEqual({ durations: [0.1, 0.1, 0.1, 0.1, 0.15, 0.15], missing: 1 });
    // Of a faster stream a quarter of its interval.
    expect(late(100, 0.0224).missing).toBe(0);
    expect(late(100, 0.0226).missing).toBe(1);
  });

  it('for the interval of the source, not of what was scored of it, where frames were dropped', () => {
    const { durations, missing } = durationsOf(10, every(0.4, 10), Array(10).fill(3));
    expect(durations).toEqual(Array(10).fill(0.15));
    expect(missing).toBe(0);
  });

  it('and what is missing beside the dropped frames is told', () => {
    expect(durationsOf(10, [0, 0.1, 0.2, 0.3, 1.3], [0, 0, 0, 0, 4]).missing).toBe(5);
  });

  it('so that an hour of thirds of a frame adds up to the hour', () => {
    const { durations } = durationsOf(30, every(1 / 30, 108_000));
    expect(Math.abs(total(durations) - 3600)).toBeLessThan(0.001);
  });

  it.each([10.01, 10.1, 11, 12, 13, 14, 15, 24, 25, 29.97, 30, 50, 59.94])(
    'to the next one of those that ten intervals a second are given of %d frames a second',
    (sourceRate) => {
      const times = chosen(10, sourceRate, 120 * sourceRate);
      const { durations, missing } = durationsOf(10, times);
      expect(total(durations.slice(0, -1))).toBeCloseTo(times.at(-1)! - times[0]!, 6);
      expect(missing).toBe(0);
    },
  );

  it('of them nothing is missing beside those that were dropped, which stand for no time', () => {
    const times = chosen(10, 12, 1200);
    const scored = times.filter((_, at) => at % 3 === 0);
    const { durations, missing } = durationsOf(10, scored, Array(scored.length).fill(2));
    expect([Math.max(...durations), missing]).toEqual([0.166667, 0]);
  });

  it.each([
    [10, 0.15],
    [12, 0.15],
    [25, 0.18],
    [30, 0.15],
  ])('before an hour without a frame, of %d frames a second, for %d s', (rate, most) => {
    const before = chosen(10, rate, 10 * rate);
    const after = before.map((time) => time + 3600);
    const { durations, missing } = durationsOf(10, [...before, ...after]);
    expect(durations[before.length - 1]).toBe(most);
    expect(missing).toBe(Math.round((after[0]! - before.at(-1)!) / (most / 1.5)) - 1);
  });
});

/** When the frames come that ffmpeg chooses, in seconds: the first in each interval, which may be 8 ms early. */
function chosen(frameRate: number, sourceRate: number, frames: number): number[] {
  let due = 0;
  return every(1 / sourceRate, Math.floor(frames)).filter((time) => {
    if (time < due - 0.008) return false;
    due = Math.max(due + 1 / frameRate, time + 0.5 / frameRate);
    return true;
  });
}

describe('behind the last moment are missing', () => {
  function missingAfter(times: readonly number[], end: number, dropped?: number) {
    const durations = createDurations(10);
    for (const time of times) durations.next(time, {});
    return durations.missingUntil(end, busy(dropped));
  }

  it('as many frames as would have come until the source was given up', () => {
    expect(missingAfter(every(0.1, 10), 60.9)).toBe(600);
  });

  it('as many as its own interval gives, of a slow source', () => {
    expect(missingAfter(every(1, 10), 69.4)).toBe(60);
  });

  it('none of those that were dropped, nor any of a source that ended', () => {
    expect(missingAfter(every(0.1, 10), 1.2, 3)).toBe(0);
    expect(missingAfter(every(0.1, 10), 1.9, 4)).toBe(6);
    for (const end of [0.9, 1]) expect(missingAfter(every(0.1, 10), end)).toBe(0);
    expect(missingAfter([], 5)).toBe(0);
  });
});
