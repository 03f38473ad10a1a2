import { expect, it } from 'vitest';
import type { FrameReadings } from '../../src/domain/face.ts';
import type { Frame } from '../../src/domain/frame.ts';
import type { MomentTrace, Span } from '../../src/domain/trace.ts';
import { FrameScorer } from '../../src/sessions/frame-scorer.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { frame as frameAt } from './fakes.ts';

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

/** Follows every frame, or none, and shows every frame; what is done is told in its order. */
function scorerThatTells(isFollowed: boolean, answer: () => Promise<FrameReadings>) {
  const told: unknown[] = [];
  const trace = {
    step: (step) => void told.push(step),
    set: (details) => void told.push(details),
    begin(name, { at } = {}) {
      const end: Span['end'] = (when) => void told.push([name, at, when?.at]);
      return { end } as Span;
    },
    end: (failure) => void told.push(`lost: ${failure}`),
  } as MomentTrace;
  const scorer = new FrameScorer({
    analyser: {
      analyse(given) {
        told.push(given.timed ? 'analysed and timed' : 'analysed');
        return answer();
      },
      smallestFace: () => 0,
      close: async () => {},
    },
    timeline: createTimeline({ thresholds: { confidence: 0, quality: 0 } })('session', {
      ...{ smoothing: 0, frameRate: 10 },
    }),
    pictures: {
      take() {
        told.push('taken');
        return ({ seq }) => void told.push(`shown as ${seq}`);
      },
      close() {},
    },
    follow: () => (isFollowed ? trace : null),
  });
  return { scorer, told, trace };
}

const AT = { mediaTime: 0.5, wallTime: 0 };
const READINGS = { faces: [], cut: false };

it('a frame that somebody looks at is copied before its pixels are handed over, and shown with its moment', async () => {
  const { scorer, told } = scorerThatTells(false, async () => READINGS);
  const scored = scorer.tell(await scorer.analyse(frameAt(0), AT));
  expect(told).toEqual(['taken', 'analysed', 'shown as 0']);
  expect(scored!.moment).not.toHaveProperty('trace');
});

it.each([
  [undefined, []],
  [
    { detection: { from: 3, to: 5 }, scoring: { from: 7, to: 9 } },
    [
      ['await models', 0, 3],
      ['detect', 3, 5],
      ['score', 7, 9],
    ],
  ],
  [
    { detection: null, scoring: { from: 7, to: 9 } },
    [
      ['await models', 0, 7],
      ['score', 7, 9],
    ],
  ],
])(
  'a frame that is followed tells its steps, and when it had the models, with its moment: %o',
  async (times, had) => {
    const { scorer, told, trace } = scorerThatTells(true, async () => ({
      ...READINGS,
      ...(times && { times }),
    }));
    const scored = scorer.tell(await scorer.analyse(frameAt(0), AT));
    expect(told).toEqual([
      ...['taken', 'analyse', 'analysed and timed', ...had, 'await order', 'timeline'],
      { 'mien.moment.seq': 0, 'mien.moment.faces': 0, 'mien.moment.media_time': 0.5 },
      'shown as 0',
    ]);
    expect(scored!.moment.trace).toBe(trace);
  },
);

it('a frame that is followed and lost with its worker ends there', async () => {
  const gone = Object.assign(new Error('gone'), { name: 'WorkerLost' });
  const { scorer, told } = scorerThatTells(true, () => Promise.reject(gone));
  expect(scorer.tell(await scorer.analyse(frameAt(0), AT))).toBeNull();
  expect(told.at(-1)).toBe('lost: worker');
});
