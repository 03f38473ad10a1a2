import { describe, expect, test } from 'vitest';
import {
  hlsPunctuality,
  livePunctuality,
  recordingPunctuality,
  type Verdict,
} from '../../src/ingest/frames/punctuality.ts';

/** A clock that stands still, in milliseconds. */
function clock() {
  let at = 1000;
  return { now: () => at, pass: (milliseconds: number) => (at += milliseconds) };
}

describe('of a recording in real time', () => {
  test('a frame is waited for, but not through a pause that is too long', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    const waits = [0, 0.1, 5, 5.1, 1000, 1000.1].map((mediaTime) => {
      const wait = pace.judge(mediaTime);
      pass(Number(wait));
      return Math.round(Number(wait));
    });
    expect(waits).toEqual([0, 100, 4900, 100, 0, 100]);
  });

  test('after a stop of four seconds frames are left out until one is in time to be scored before it is two seconds old, and media time is where it would be', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    pace.judge(0);
    pass(4000);
    const verdicts: Verdict[] = [];
    for (let mediaTime = 0.1; mediaTime < 4.2; mediaTime += 0.1) {
      pass(10); // ten times as fast as the clock
      verdicts.push(pace.judge(mediaTime));
    }
    const late = verdicts.lastIndexOf('late') + 1;
    expect(verdicts.slice(0, late)).toEqual(Array(late).fill('late'));
    expect(late).toBe(24); // 2.5 s of media at 4.25 s
    expect(pace.dueNow()).toBeCloseTo(now() / 1000 - 1, 6);
  });

  test('a decoder that is too slow is behind five seconds after it was a second late', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    const told: [number, string][] = [];
    for (let mediaTime = 0; pace.pace !== 'behind'; mediaTime += 0.1) {
      pace.judge(mediaTime);
      if (told.at(-1)?.[1] !== pace.pace) told.push([now() - 1000, pace.pace]);
      pass(200); // half as fast as the clock
    }
    expect(told).toEqual([
      [0, 'kept'],
      [2200, 'late'],
      [7200, 'behind'],
    ]);
    pace.skipped('late');
    expect([pace.pace, pace.judge(pace.dueNow()), pace.pace]).toEqual(['kept', 0, 'kept']);
  });

  test('one that hovers about where frames are left out is behind, though every other frame is in time by a little', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    pace.judge(0);
    pass(1800);
    const verdicts: Verdict[] = [];
    for (let i = 1; pace.pace !== 'behind'; i++) {
      pass(i % 2 ? 180 : 20);
      verdicts.push(pace.judge(i / 10));
    }
    expect(new Set(verdicts)).toEqual(new Set(['late', 0]));
    expect(now() - 1000).toBe(6980);
  });

  test('one that has caught up to half a second is not late any more, and one to less than that is', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    pace.judge(0);
    pass(1500);
    const paces = [0.1, 0.4, 0.9, 1, 0.9, 0.4].map((mediaTime) => {
      pace.judge(mediaTime);
      return pace.pace;
    });
    expect(paces).toEqual(['late', 'late', 'late', 'kept', 'kept', 'late']);
  });

  test('one that is behind, and cannot be read from a later place, goes on from where it is', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now, () => false);
    const given: number[] = [];
    for (let i = 0; i < 80; i++) {
      if (pace.judge(i / 10) === 0) given.push(i);
      expect(pace.pace).not.toBe('behind');
      pass(200); // half as fast as the clock
    }
    // Each time until it is 1.8 s late, and from when it has been a second late for five seconds.
    expect(given.filter((i, at) => i !== (given[at - 1] ?? -1) + 1)).toEqual([36, 72]);
    expect(pace.dueNow()).toBeCloseTo(7.2 + (80 - 72) * 0.2, 6);
  });

  test('a frame that can be scored before it is two seconds late is given at once', () => {
    const { now, pass } = clock();
    const pace = recordingPunctuality(10, now);
    pace.judge(0);
    pass(1899);
    expect(pace.judge(0.1)).toBe(0);
  });
});

describe('of live HLS', () => {
  test('a burst after a stall is left out up to two seconds ago', () => {
    const { now, pass } = clock();
    const pace = hlsPunctuality(10, now);
    pace.judge(0);
    pass(6000);
    expect([1, 2, 3, 3.9, 4.5].map((mediaTime) => pace.judge(mediaTime))).toEqual([
      'late',
      'late',
      'late',
      'late',
      0,
    ]);
  });

  test('a server that stays late has paused: its frames are given at their new pace', () => {
    const { now, pass } = clock();
    const pace = hlsPunctuality(10, now);
    pace.judge(0);
    pass(30_000);
    const verdicts = Array.from({ length: 8 }, (_, i) => {
      const verdict = pace.judge(1 + i);
      pass(1000);
      return verdict;
    });
    expect(verdicts).toEqual([...Array(5).fill('late'), 0, 0, 0]);
  });
});

describe('of a camera', () => {
  /** What is said of frames that come `came` milliseconds after the one before, and are `step` seconds of media after it. */
  function judged(frames: readonly (readonly [came: number, step: number])[]) {
    const { now, pass } = clock();
    const pace = livePunctuality(now);
    let mediaTime = 0;
    const verdicts = frames.map(([came, step]) => {
      pass(came);
      mediaTime += step;
      return pace.judge(mediaTime);
    });
    return { verdicts, pace };
  }
  const steady = Array(100).fill([100, 0.1]) as [number, number][];

  test('frames that come with some jitter are all given', () => {
    const jitter = steady.map((_, i) => [i % 2 ? 400 : 100, 0.25] as const);
    expect(new Set(judged(jitter).verdicts)).toEqual(new Set([0]));
  });

  test('what piled up while the decoder stood still is left out, but for the last two seconds', () => {
    const pile = [[4100, 0.1], ...Array(39).fill([5, 0.1]), ...steady] as [number, number][];
    const { verdicts } = judged([...steady, ...pile]);
    const after = verdicts.slice(100);
    // The first is later than the one before, the others catch up.
    expect(after.slice(1, 20)).toEqual(Array(19).fill('late'));
    expect(new Set(after.slice(25))).toEqual(new Set([0]));
  });

  test('a clock that is wrong by one in a hundred leaves no frame out, however long it runs', () => {
    const slow = Array(60_000).fill([101, 0.1]) as [number, number][];
    expect(new Set(judged(slow).verdicts)).toEqual(new Set([0]));
  });

  test('one that falls behind further and further is to be opened anew, and ever more seldom', () => {
    const { now, pass } = clock();
    const pace = livePunctuality(now);
    const behind: number[] = [];
    for (let i = 0; i < 100_000; i++) {
      pass(130);
      pace.judge(i / 10);
      if (pace.pace !== 'behind') continue;
      behind.push(Math.round((now() - 1000) / 60_000));
      pace.skipped('late');
    }
    expect(behind).toEqual([0, 10, 30, 70, 150]);
  });

  test('that it was read anew for a changed rate takes nothing from its right to be opened anew when it is behind', () => {
    const { now, pass } = clock();
    const pace = livePunctuality(now);
    const behind: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      pass(130);
      pace.judge(i / 10);
      if (i % 3000 === 0) pace.skipped('rate');
      if (pace.pace !== 'behind') continue;
      behind.push(Math.round((now() - 1000) / 60_000));
      pace.skipped('late');
    }
    expect(behind).toEqual([0, 10, 30]);
  });
});
