import { describe, expect, it } from 'vitest';
import type { SourceInfo } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { RECORDING_READ_AHEAD } from '../../src/domain/read-ahead.ts';
import { MienError } from '../../src/errors.ts';
import { type AnalyseDeps, analyseSource } from '../../src/sessions/index.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { tick } from '../helpers/memory-store.ts';
import { analyser, type Decode, FILE_INFO, frames } from './fakes.ts';

const SOURCE = { type: 'file', path: 'clip.mp4' } as const;
const { scoring } = RECORDING_READ_AHEAD;
const options = {
  frameRate: 10,
  smoothing: 250,
  detectSize: 'STANDARD' as const,
  signal: new AbortController().signal,
};

/** A source that gives these frames. */
const opened =
  (decode: Decode): AnalyseDeps['open'] =>
  async (source, given) => ({
    info: FILE_INFO,
    frames: decode(source, FILE_INFO, given),
    setFrameRate() {},
  });

function deps(more: Partial<AnalyseDeps> = {}) {
  const closed = { count: 0 };
  const rooms: AnalyseDeps = {
    open: opened(frames(10)),
    openAnalyser: () => ({ ...analyser(), close: async () => void closed.count++ }),
    openTimeline: createTimeline({ thresholds: { confidence: 0, quality: 0 } }),
    ...more,
  };
  return { rooms, closed };
}

describe('analysing a source without a server', () => {
  it('a source is analysed moment by moment in order, waits for the writer, and is summed up', async () => {
    const { rooms, closed } = deps();
    const seqs: number[] = [];
    let writing = 0;
    const summary = await analyseSource(rooms, SOURCE, { ...options, sessionId: 'x' }, async (moment) => {
      expect([++writing, moment.sessionId]).toEqual([1, 'x']);
      await tick();
      seqs.push(moment.seq);
      writing -= 1;
    });
    expect(seqs).toEqual(Array.from({ length: 10 }, (_, seq) => seq));
    expect(summary).toMatchObject({ info: FILE_INFO, moments: 10, dropped: {} });
    expect(summary.events.map(({ kind }) => kind)).toEqual(['APEX', 'OFFSET']);
    expect(closed.count).toBe(1);
  });

  it.each([
    ['a smaller one than the first', { width: 320, height: 180 }, { width: 320, height: 180 }, 1.5],
    ['one of another shape', { width: 360, height: 360 }, { width: 360, height: 360 }, 1.5],
    ['a larger one, made smaller', { width: 640, height: 360 }, { width: 3840, height: 2160 }, 9],
  ] as const)('the smallest face of %s is told in its own pixels', async (_, later, source, smallestFace) => {
    const info = { ...FILE_INFO, width: 640, height: 360 };
    const decode = frames(1, 0, { ...later, source });
    const open: AnalyseDeps['open'] = async (source, given) => {
      return { info, frames: decode(source, info, given), setFrameRate() {} };
    };
    const told: unknown[] = [];
    const { rooms } = deps({ open });
    await analyseSource(rooms, SOURCE, options, (_moment, _events, frame) => {
      told.push(frame);
    });
    expect(told).toEqual([{ ...later, source, smallestFace, reduced: smallestFace > 1.5 }]);
  });

  it('what opening and decoding throw is passed on, and the analyser is closed', async () => {
    const failure = new MienError('SOURCE_FAILED', 'Broken.');
    const { rooms, closed } = deps({
      open: opened(async function* (...given) {
        yield* frames(2)(...given);
        throw failure;
      }),
    });
    let moments = 0;
    await expect(analyseSource(rooms, SOURCE, options, () => void moments++)).rejects.toBe(failure);
    expect([moments, closed.count]).toEqual([2, 1]);

    const shut = deps({ open: () => Promise.reject(failure) });
    await expect(analyseSource(shut.rooms, SOURCE, options, () => {})).rejects.toBe(failure);
    expect(shut.closed.count).toBe(1);
  });

  it('a source is opened as a recording of which every frame counts, and told of before its first moment', async () => {
    const log: string[] = [];
    const { rooms } = deps({
      open: async (source, given) => {
        expect(given).toMatchObject({ frameRate: 10, realtime: false, loop: false, detectSize: 'STANDARD' });
        return opened(frames(1))(source, given);
      },
    });
    const onInfo = ({ kind }: SourceInfo) => void log.push(kind);
    await analyseSource(rooms, SOURCE, { ...options, onInfo }, ({ seq }) => void log.push(`moment ${seq}`));
    expect(log).toEqual(['file', 'moment 0']);
  });

  it('a source whose reader fails at what it is told of it is closed, though none of its frames was asked for', async () => {
    let closed = 0;
    const unread: Decode = () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true, value: undefined }),
        return: async () => ({ done: true, value: void closed++ }),
      }),
    });
    const { rooms } = deps({ open: opened(unread) });
    const failure = new Error('The disk is full.');
    const onInfo = () => {
      throw failure;
    };
    await expect(analyseSource(rooms, SOURCE, { ...options, onInfo }, () => {})).rejects.toBe(failure);
    expect(closed).toBe(1);
  });

  it('a frame that is lost with its worker is no moment, and is counted with the next', async () => {
    const whole = analyser();
    const lost = Object.assign(new Error('gone'), { name: 'WorkerLost' });
    const { rooms } = deps({
      openAnalyser: () => ({
        ...whole,
        analyse: (frame) => (frame.mediaTime === 0.3 ? Promise.reject(lost) : whole.analyse(frame)),
      }),
    });
    const told: unknown[] = [];
    const onMoment = ({ mediaTime, dropped }: Moment) => void told.push([mediaTime, dropped]);
    const { moments } = await analyseSource(rooms, SOURCE, options, onMoment);
    expect(moments).toBe(9);
    expect(told.slice(2, 5)).toEqual([
      [0.2, {}],
      [0.4, { worker: 1 }],
      [0.5, {}],
    ]);
  });

  it('each frame is released once its faces are known', async () => {
    let [held, most] = [0, 0];
    const { rooms } = deps({
      open: opened(async function* (...given) {
        for await (const frame of frames(40)(...given)) {
          most = Math.max(most, ++held);
          yield { ...frame, release: () => void held-- };
        }
      }),
    });
    await analyseSource(rooms, SOURCE, options, () => {});
    expect(held).toBe(0);
    expect(most).toBeLessThanOrEqual(scoring + 1);
  });

  it('analysing stops when it is told to', async () => {
    const controller = new AbortController();
    const { rooms } = deps({ open: opened(frames(Number.POSITIVE_INFINITY)) });
    const summary = await analyseSource(
      rooms,
      SOURCE,
      { ...options, signal: controller.signal },
      ({ seq }) => {
        if (seq === 3) controller.abort();
      },
    );
    expect(summary.moments).toBeLessThan(5 + scoring);
  });
});
