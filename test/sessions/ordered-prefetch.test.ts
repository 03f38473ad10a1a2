import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import type { ScoredFrame } from '../../src/sessions/frame-scorer.ts';
import { scoreInOrder } from '../../src/sessions/ordered-prefetch.ts';
import { tick } from '../helpers/memory-store.ts';
import { frame } from './fakes.ts';

const size = { width: 4, height: 2 };
const scored = (seq: number): ScoredFrame => ({
  moment: { seq } as Moment,
  size,
  source: undefined,
  events: [],
});
const indexOf = ({ mediaTime }: Frame) => Math.round(mediaTime * 10);

async function* source(count: number, failure?: Error) {
  for (let i = 0; i < count; i++) yield frame(i);
  if (failure) throw failure;
}

async function gather(scores: AsyncIterable<ScoredFrame>): Promise<{ seqs: number[]; error: unknown }> {
  const seqs: number[] = [];
  try {
    for await (const { moment } of scores) seqs.push(moment.seq);
    return { seqs, error: null };
  } catch (error) {
    return { seqs, error };
  }
}

describe.each([0, 1, 4])('scoring in order, %i frames ahead', (ahead) => {
  const slow = async (given: Frame) => {
    await tick(indexOf(given) % 2 ? 1 : 5);
    return scored(indexOf(given));
  };

  it('all frames are scored in order, the last one too', async () => {
    for (const count of [0, 1, 2, 7]) {
      const { seqs, error } = await gather(scoreInOrder(source(count), slow, ahead));
      expect([seqs, error]).toEqual([Array.from({ length: count }, (_, i) => i), null]);
    }
  });

  it('frames that are not scored are left out', async () => {
    const some = (given: Frame) => {
      return indexOf(given) === 1 || indexOf(given) === 3 ? null : slow(given);
    };
    expect((await gather(scoreInOrder(source(6), some, ahead))).seqs).toEqual([0, 2, 4, 5]);
  });

  it('frames before a failure of the source are scored first', async () => {
    const failure = new Error('broke');
    const { seqs, error } = await gather(scoreInOrder(source(3, failure), slow, ahead));
    expect(seqs).toEqual([0, 1, 2]);
    expect(error).toBe(failure);
  });

  it('frames before a failure of the scoring are told first, and the source is closed', async () => {
    const failure = new Error('broke');
    let closed = false;
    const frames = async function* () {
      try {
        yield* source(9);
      } finally {
        closed = true;
      }
    };
    const failing = (given: Frame) => (indexOf(given) === 2 ? Promise.reject(failure) : slow(given));
    const { seqs, error } = await gather(scoreInOrder(frames(), failing, ahead));
    expect(seqs).toEqual([0, 1]);
    expect(error).toBe(failure);
    expect(closed).toBe(true);
  });

  it('so many frames and no more are handed over before the first is scored', async () => {
    let [held, most] = [0, 0];
    const holding = async (given: Frame) => {
      most = Math.max(most, ++held);
      await tick(2);
      held -= 1;
      return scored(indexOf(given));
    };
    await gather(scoreInOrder(source(9), holding, ahead));
    expect(most).toBe(1 + ahead);
  });

  it('a scored frame is told while the next one has not come', async () => {
    let arrive = () => {};
    const frames = async function* () {
      yield frame(0);
      await new Promise<void>((resolve) => (arrive = resolve));
      yield frame(1);
    };
    const scores = scoreInOrder(frames(), slow, ahead);
    expect((await scores.next()).value).toEqual(scored(0));
    const last = scores.next();
    await tick(1);
    arrive();
    expect((await last).value).toEqual(scored(1));
  });
});
