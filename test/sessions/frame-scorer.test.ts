import { expect, it } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { FrameScorer } from '../../src/sessions/frame-scorer.ts';

const HOUR_MS = 3_600_000;

it.each([
  ['an hour ahead of', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])(
  'a moment is followed from when its frame came by this machine’s clock, where the database’s is %s it',
  async (_, offset) => {
    const clock = { now: () => Date.now() + offset, isShared: true };
    const begun: number[] = [];
    const scorer = new FrameScorer({
      analyser: {
        analyse: async () => ({ faces: [], cut: false }),
        smallestFace: () => 0,
        close: async () => {},
      },
      timeline: {} as never,
      follow(_of, since) {
        begun.push(since);
        return null;
      },
      clock,
    });
    const frame = { wallTime: clock.now() - 40, width: 1, height: 1, dropped: {} } as Frame;
    // What the session makes of it may lie elsewhere: its time does not go back.
    await scorer.analyse(frame, { mediaTime: 0, wallTime: frame.wallTime + 7_000 });
    expect(begun).toHaveLength(1);
    expect(Date.now() - begun[0]!).toBeGreaterThanOrEqual(40);
    expect(Date.now() - begun[0]!).toBeLessThan(20_000);
  },
);
