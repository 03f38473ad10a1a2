/** Nothing is told of frames that became no moment, and none of those handed over is lost uncounted. */
import { expect, it } from 'vitest';
import type { EpisodeEvent } from '../../src/domain/moment.ts';
import { finishTimeline } from '../../src/sessions/finish-timeline.ts';
import type { FaceAnalyser } from '../../src/sessions/ports.ts';
import { tick } from '../helpers/memory-store.ts';
import { analyser, frames } from './fakes.ts';
import { CAMERA, INPUT, LIMITS, TestManager, thenFails, until } from './test-manager.ts';

/** One frame after the other, each a few milliseconds; counts those that it was given, and throws at one. */
function slowAnalyser(failAt = Number.POSITIVE_INFINITY) {
  const { analyse } = analyser();
  let [given, answers] = [0, Promise.resolve()];
  const slow: FaceAnalyser = {
    smallestFace: () => 1,
    async analyse(frame) {
      const at = given++;
      answers = answers.then(() => tick(3));
      await answers;
      if (at === failAt) throw new Error('a bug');
      return analyse(frame);
    },
    close: () => answers,
  };
  return { openAnalyser: () => slow, given: () => given };
}

/** What was stored of a session, and where its last episode ended. */
function stored({ store }: TestManager, sessionId: string) {
  const moments = store.moments.get(sessionId) ?? [];
  const [, events, dropped] = store.finished.find(([id]) => id === sessionId) ?? [];
  const offset = events?.find(({ kind }: EpisodeEvent) => kind === 'OFFSET')?.episode.offset;
  return { count: moments.length, last: moments.at(-1)?.mediaTime, offset, dropped };
}

it('stopping a recording stores all that was handed over to be scored, and its episodes end with the last moment', async () => {
  const { openAnalyser, given } = slowAnalyser();
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY), openAnalyser });
  const { id } = await test.manager.register(INPUT);
  await until(() => test.seqs.length > 8);
  const session = await test.manager.stop(id);
  const { count, last, offset, dropped } = stored(test, session.id);
  expect([count, offset, dropped]).toEqual([given(), last, {}]);
});

it('frames whose scoring fails, and those that were handed over with them, are counted, and nothing is told of them', async () => {
  const { openAnalyser, given } = slowAnalyser(12);
  const test = new TestManager({ decode: frames(Number.POSITIVE_INFINITY), openAnalyser });
  const { id } = await test.manager.register(INPUT);
  const session = await test.ended(id);
  expect(session.state).toBe('FAILED');
  const { count, last, offset, dropped } = stored(test, session.id);
  expect([count, offset, dropped]).toEqual([12, last, { worker: given() - 12 }]);
  expect(test.meter).toMatchObject({ decoded: given(), scored: 12, dropped: { worker: given() - 12 } });
});

it('what a source did not give from when it was lost until its session was stopped is counted', async () => {
  const wallTime = Date.now() - 60_000;
  const limits = { ...LIMITS, reopenMs: 10_000 };
  const test = new TestManager({ decode: thenFails(frames(10, 0, { wallTime })), limits });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length === 10 && test.store.states.includes('RECONNECTING'));
  const session = await test.manager.stop(id);
  const [, , dropped, end] = test.store.finished.find(([id]) => id === session.id)!;
  expect(end).toBeGreaterThanOrEqual(60.9);
  expect(dropped).toEqual({ source: Math.round((end! - 0.9) * 10) });
});

it.each([
  ['nothing to tell', {}, null, null, 0, []],
  ['where the source ended, though no frame is missing', {}, 5, null, 1, []],
  ['frames that are missing', { busy: 2 }, null, null, 1, []],
  [
    'what the store refuses for good',
    { busy: 2 },
    null,
    new Error('a bug'),
    1,
    ['could not store the end of a timeline'],
  ],
] as const)('the end of a timeline is stored once where it tells anything: %s', async (...given) => {
  const [, dropped, end, refusal, times, told] = given;
  const stored: unknown[][] = [];
  const said: string[] = [];
  await finishTimeline(
    {
      sink: {
        append: () => expect.unreachable(),
        async finish(...one) {
          stored.push(one);
          if (refusal) throw refusal;
          return 1;
        },
      },
      publisher: { status() {}, episode() {}, moment() {}, removed() {} },
      log: { debug() {}, info() {}, warn() {}, error: (_, text) => void said.push(text) },
      ...{ retryMs: 1, giveUp: AbortSignal.timeout(1000) },
    },
    { streamId: 'stream', id: 'session' },
    { events: [], dropped, end },
  );
  expect(stored).toEqual(Array(times).fill(['session', [], dropped, end]));
  expect(said).toEqual(told);
});
