import { afterEach, expect, it, vi } from 'vitest';
import type { ErasureOrder, ErasureStep } from '../../src/domain/erasure.ts';
import { MienError } from '../../src/errors.ts';
import type { EraserDeps } from '../../src/sessions/eraser.ts';
import { Eraser } from '../../src/sessions/index.ts';

afterEach(() => void vi.useRealTimers());

function openEraser(failures: number) {
  const tries: string[] = [];
  const left = new Set(['first', 'second']);
  const eraser = new Eraser({
    erasures: {
      unfinished: async () => [...left].map((id) => ({ id, steps: [] })),
      async run(id: string) {
        tries.push(id);
        if (id === 'first' && tries.filter((tried) => tried === id).length <= failures)
          throw new Error('away');
        left.delete(id);
        return true;
      },
    } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget() {},
    log: { info() {}, warn() {}, error() {} },
  });
  return { eraser, tries };
}

/** One without other servers and without log, upon these parts. */
function eraserWith(erasures: Partial<EraserDeps['erasures']>, more: Partial<EraserDeps> = {}) {
  return new Eraser({
    erasures: erasures as EraserDeps['erasures'],
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget() {},
    log: { info() {}, warn() {}, error() {} },
    ...more,
  });
}

it('an erasure that fails is tried again while the server runs, behind those that came meanwhile', async () => {
  vi.useFakeTimers();
  const { eraser, tries } = openEraser(2);
  await eraser.resume();
  expect(tries).toEqual(['first', 'second']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tries).toEqual(['first', 'second', 'first']);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(tries).toEqual(['first', 'second', 'first', 'first']);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toHaveLength(4);
});

it('after its end nothing is tried again, and no timer is left', async () => {
  vi.useFakeTimers();
  const { eraser, tries } = openEraser(9);
  await eraser.resume();
  await eraser.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

it('other servers are told what was erased; what they tell is let go of here, and told no further', async () => {
  const step = { do: 'TRACK', sessionId: 'session', track: 2 } as const;
  const told: unknown[] = [];
  const asked: boolean[] = [];
  const episode = { kind: 'episode', event: { episode: { sessionId: 'session', track: 2 } } } as never;
  const eraser = new Eraser({
    erasures: { begin: async () => ({ id: 'id', steps: [step] }), run: async () => true } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget: (isGone) => void asked.push(isGone(episode)),
    tell: (steps) => void told.push(...steps),
    log: { info() {}, warn() {}, error() {} },
  });
  await eraser.erase({ request: { type: 'SESSION' } } as never);
  expect([told, asked]).toEqual([[step], [true]]);
  eraser.letGo([step]);
  expect([told, asked]).toEqual([[step], [true, true]]);
  await eraser.close();
});

it('one that another server began, and does not do any more, is done here, and told; one that it does is left to it', async () => {
  vi.useFakeTimers();
  const step = { do: 'SESSION', sessionId: 'session' } as const;
  const told: unknown[] = [];
  const tries: string[] = [];
  let left: string[] = [];
  let holder = 'another';
  const eraser = new Eraser({
    erasures: {
      begin: async () => ({ id: 'own', steps: [step] }),
      unfinished: async () => left.map((id) => ({ id, steps: [step] })),
      async run(id: string) {
        tries.push(id);
        if (holder !== 'nobody') return false;
        left = [];
        return true;
      },
    } as never,
    streams: { running: () => [] } as never,
    uploads: {} as never,
    forget() {},
    tell: (steps) => void told.push(...steps),
    log: { info() {}, warn() {}, error() {} },
  });
  await eraser.resume();
  expect(tries).toEqual([]);
  left = ['left'];
  await vi.advanceTimersByTimeAsync(60_000);
  expect([tries, told]).toEqual([['left', 'left'], []]);
  holder = 'nobody';
  await vi.advanceTimersByTimeAsync(120_000);
  expect([tries, told]).toEqual([['left', 'left', 'left'], [step]]);
  // What was asked for here is told here as well, whoever has done it.
  holder = 'another';
  void eraser.erase({ request: { type: 'SESSION' } } as never);
  await vi.advanceTimersByTimeAsync(500);
  holder = 'nobody';
  await vi.advanceTimersByTimeAsync(10_000);
  expect([tries.slice(3), told]).toEqual([
    ['own', 'own'],
    [step, step],
  ]);
  await eraser.close();
});

it('what is under way here, or waits to be tried again, is not begun a second time by the look every half a minute', async () => {
  vi.useFakeTimers();
  const { eraser, tries } = openEraser(9);
  await eraser.resume();
  await vi.advanceTimersByTimeAsync(40_000);
  // After 0, 1, 3, 7, 15 and 31 s.
  expect(tries.filter((id) => id === 'first')).toHaveLength(6);
  await eraser.close();
});

it('a look that fails is told, and the next one comes all the same, until the end', async () => {
  vi.useFakeTimers();
  let looks = 0;
  const warnings: string[] = [];
  const unfinished = async () => {
    if (++looks === 2) throw new Error('away');
    return [];
  };
  const warn = ({ err }: { err?: Error }, text: string) => void warnings.push(`${text}: ${err?.message}`);
  const eraser = eraserWith({ unfinished }, { log: { info() {}, warn, error() {} } });
  await eraser.resume();
  expect(looks).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([looks, warnings]).toEqual([
    3,
    ['could not look for erasures that were cut off; it is tried again: away'],
  ]);
  await eraser.close();
});

it('the end while it goes on with what was cut off begins none of the others, and looks for no more', async () => {
  vi.useFakeTimers();
  const tries: string[] = [];
  const eraser: Eraser = eraserWith({
    unfinished: async () => ['first', 'second'].map((id) => ({ id, steps: [] })),
    async run(id) {
      tries.push(id);
      void eraser.close();
      return true;
    },
  });
  await eraser.resume();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([tries, vi.getTimerCount()]).toEqual([['first'], 0]);
});

it('sessions that run are stopped first, and streams and uploads removed by those who have them', async () => {
  const done: string[] = [];
  const note = (what: string) => async (id: string) => void done.push(`${what} ${id}`);
  const eraser = eraserWith(
    {
      async begin(_order, stop) {
        await stop([{ streamId: 'a' }, { streamId: 'b' }] as never);
        return { id: 'id', steps: [] };
      },
      async run(_id, hands) {
        await hands.removeStream('a');
        await hands.removeUpload('token');
        return true;
      },
    },
    {
      streams: { running: () => [], stop: note('stop'), remove: note('remove') } as never,
      uploads: { release: note('release') },
    },
  );
  await eraser.erase({ request: { type: 'SESSION' } } as ErasureOrder);
  expect(done).toEqual(['stop a', 'stop b', 'remove a', 'release token']);
});

it('of what runs on, what any of the steps erased is let go of, and episodes of a stretch are not told of any more', () => {
  const forgotten: unknown[] = [];
  const gone: boolean[] = [];
  const running = ['a', 'b'].map((sessionId) => ({
    ...{ streamId: 'stream', sessionId },
    forget: (until: number) => void forgotten.push([sessionId, until]),
  }));
  const ofTrack = (track: number) =>
    ({ kind: 'episode', event: { episode: { sessionId: 'a', track } } }) as never;
  const eraser = eraserWith(
    {},
    {
      streams: { running: () => running } as never,
      forget: (isGone) => void gone.push(...[1, 2, 3].map((track) => isGone(ofTrack(track)))),
    },
  );
  const steps: ErasureStep[] = [
    { do: 'TRACK', sessionId: 'a', track: 1 },
    { do: 'TRACK', sessionId: 'a', track: 2 },
  ];
  eraser.letGo(steps);
  expect([gone, forgotten]).toEqual([[true, true, false], []]);
  const seconds = { durationBefore: null, firstSecond: 0, lastSecond: 3 };
  eraser.letGo([{ do: 'STRETCH', sessionId: 'a', fromSeq: 0, toSeq: 3, since: 0, until: 4, ...seconds }]);
  expect(forgotten).toEqual([['a', 4]]);
});

it.each([
  ['a stretch of what is still being stored', 'RANGE', new MienError('CONFLICT', 'Early.'), 41],
  ['a stretch of a session that is not there', 'RANGE', new MienError('NOT_FOUND', 'None.'), 1],
  ['a stretch, by a fault', 'RANGE', new Error('a bug'), 1],
  ['all else', 'SESSION', new MienError('CONFLICT', 'It runs.'), 1],
] as const)(
  'what refuses %s is asked again for ten seconds, or thrown at once',
  async (_, type, refusal, times) => {
    vi.useFakeTimers();
    let asked = 0;
    const eraser = eraserWith({
      async begin() {
        asked += 1;
        throw refusal;
      },
    });
    const erasing = expect(eraser.erase({ request: { type } } as ErasureOrder)).rejects.toBe(refusal);
    await vi.advanceTimersByTimeAsync(20_000);
    await erasing;
    expect(asked).toBe(times);
  },
);

it('who asks for an erasure is answered when it is done, or after half a minute, while it goes on', async () => {
  vi.useFakeTimers();
  const logged: unknown[] = [];
  const say = (of: object, text: string) => void logged.push([text, of]);
  let finish = () => {};
  const left = [{ id: 'left', steps: [] }];
  const eraser = eraserWith(
    {
      begin: async () => ({ id: 'id', steps: [] }),
      unfinished: async () => left.splice(0),
      run: (id) =>
        id === 'left' ? Promise.resolve(true) : new Promise((done) => (finish = () => done(true))),
    },
    { log: { info: say, warn: say, error: say } },
  );
  await eraser.resume();
  let answer: string | null = null;
  void eraser.erase({ request: { type: 'SESSION' } } as ErasureOrder).then((id) => {
    answer = id;
  });
  await vi.advanceTimersByTimeAsync(29_900);
  expect(answer).toBeNull();
  await vi.advanceTimersByTimeAsync(200);
  expect(answer).toBe('id');
  // The end waits for it for some seconds.
  let isClosed = false;
  const closing = eraser.close().then(() => {
    isClosed = true;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(isClosed).toBe(false);
  finish();
  await closing;
  expect(logged).toEqual([
    ['an erasure that was cut off is done', { erasure: 'left' }],
    ['erased', { erasure: 'id' }],
  ]);
});

it('the end does not wait for ever for an erasure, and one that fails is logged with why', async () => {
  vi.useFakeTimers();
  const logged: unknown[] = [];
  const error = new Error('away');
  const fails = eraserWith(
    { begin: async () => ({ id: 'id', steps: [] }), run: () => Promise.reject(error) },
    { log: { info() {}, warn() {}, error: (of, text) => void logged.push([text, of]) } },
  );
  await fails.erase({ request: { type: 'SESSION' } } as ErasureOrder);
  expect(logged).toEqual([['an erasure was cut off; it is tried again', { err: error, erasure: 'id' }]]);
  await fails.close();
  const hangs = eraserWith({
    unfinished: async () => [{ id: 'left', steps: [] }],
    run: () => new Promise(() => {}),
  });
  void hangs.resume();
  const closing = hangs.close();
  await vi.advanceTimersByTimeAsync(5_000);
  await closing;
});
