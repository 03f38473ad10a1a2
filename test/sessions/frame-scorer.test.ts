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

/** Upon a real timeline, with what is measured in its order. */
function scorerThatMeasures(answer: (frame: Frame) => Promise<FrameReadings> = async () => READINGS) {
  const measured: unknown[] = [];
  const scorer = new FrameScorer({
    analyser: { analyse: answer, smallestFace: ({ width }) => width / 10, close: async () => {} },
    timeline: createTimeline({ thresholds: { confidence: 0, quality: 0 } })('session', {
      ...{ smoothing: 0, frameRate: 10 },
    }),
    meter: {
      decoded: (count) => void measured.push(`decoded ${count}`),
      scored: (count) => void measured.push(`scored ${count}`),
      dropped: (counts) => void measured.push(counts),
    },
  });
  const at = (index: number) => ({ mediaTime: index / 10, wallTime: 1_000 + index * 100 });
  const analyse = (index: number, more: Partial<Frame> = {}) =>
    scorer.analyse(frameAt(index, more), at(index));
  return { scorer, measured, analyse };
}

it('frames that are not scored are measured by reason, and told with the next moment, once', async () => {
  const { scorer, measured, analyse } = scorerThatMeasures();
  expect(scorer.newest).toBe(Number.NEGATIVE_INFINITY);
  const released: string[] = [];
  scorer.drop(frameAt(0, { dropped: { busy: 1 }, release: () => void released.push('dropped') }), {
    store: 1,
  });
  scorer.drop(frameAt(1), { store: 1 });
  expect(measured.splice(0)).toEqual(['decoded 1', { busy: 1, store: 1 }, 'decoded 1', { store: 1 }]);
  const more = { dropped: { busy: 6 }, leftOut: 2, late: 3, release: () => void released.push('analysed') };
  const first = scorer.tell(await analyse(2, more))!;
  expect(measured.splice(0)).toEqual(['decoded 1', { busy: 1, shed: 2, late: 3 }, 'scored 1']);
  expect(first.moment).toMatchObject({
    seq: 0,
    mediaTime: 0.2,
    wallTime: 1_200,
    dropped: { busy: 7, store: 2 },
  });
  expect([released, scorer.newest]).toEqual([['dropped', 'analysed'], 0.2]);
  const second = scorer.tell(await analyse(3))!;
  expect([second.moment.seq, second.moment.dropped]).toEqual([1, {}]);
  // Nothing was dropped: nothing is measured.
  expect(measured).toEqual(['decoded 1', 'scored 1']);
  expect(scorer.smallestFace({ width: 640, height: 360 })).toBe(64);
});

it('a frame that was lost with its worker, and one that was never answered, count as dropped, with those before them', async () => {
  const gone = Object.assign(new Error('gone'), { name: 'WorkerLost' });
  const { scorer, measured, analyse } = scorerThatMeasures(({ mediaTime }) =>
    mediaTime === 0.1
      ? Promise.reject(gone)
      : mediaTime === 0.4
        ? new Promise(() => {})
        : Promise.resolve(READINGS),
  );
  expect(scorer.tell(await analyse(1, { dropped: { busy: 2 } }))).toBeNull();
  expect(scorer.tell(await analyse(2))!.moment).toMatchObject({ seq: 0, dropped: { busy: 2, worker: 1 } });
  await analyse(3);
  void analyse(4);
  measured.length = 0;
  expect(scorer.finish(null)).toEqual({ events: [], dropped: { worker: 2 } });
  expect(measured).toEqual([{ worker: 1 }, { worker: 1 }]);
});

it.each([
  ['another error', new Error('no memory')],
  ['what only looks like it', { name: 'WorkerLost' }],
])(
  '%s of the analyser is no lost worker: it is thrown, and the frame is released all the same',
  async (_, error) => {
    let released = 0;
    const { analyse } = scorerThatMeasures(() => Promise.reject(error));
    await expect(analyse(0, { release: () => void released++ })).rejects.toBe(error);
    expect(released).toBe(1);
  },
);

it('what the source did not give up to its end counts as dropped by it; up to the last moment there is none', async () => {
  const untilLast = scorerThatMeasures();
  const untilEnd = scorerThatMeasures();
  for (const { scorer, analyse } of [untilLast, untilEnd])
    for (const index of [0, 1, 2]) scorer.tell(await analyse(index));
  expect(untilLast.scorer.finish(0.2)).toStrictEqual({ events: [], dropped: {} });
  untilEnd.scorer.drop(frameAt(3), { store: 1 });
  // Five frames at its interval, of which one was dropped.
  expect(untilEnd.scorer.finish(0.7).dropped).toStrictEqual({ store: 1, source: 4 });
});
