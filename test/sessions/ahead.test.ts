import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import type { Scored } from '../../src/sessions/frame-scorer.ts';
import { scoreInOrder } from '../../src/sessions/ordered-prefetch.ts';
import { frame, tick } from './fakes.ts';

const scored = (seq: number): Scored => ({ moment: { seq } as Moment, events: [] });
const indexOf = ({ mediaTime }: Frame) => Math.round(mediaTime * 10);

async function* source(count: number, failure?: Error) {
  for (let i = 0; i < count; i++) yield frame(i);
  if (failure) throw failure;
}

async function gather(scores: AsyncIterable<Scored>): Promise<{ seqs: number[]; error: unknown }> {
  const seqs: number[] = [];
  try {
    for await (const { moment } of scores) seqs.push(moment.seq);
    return { seqs, error: null };
  } catch (error) {
    return { seqs, error };
  }
}

describe.each([0, 1, 4])('scoring in order, %i ahead', (ahead) => {
  const slow = async (given: Frame) => {
    await tick(indexOf(given) % 2 ? 1 : 5);
    return scored(indexOf(given));
  };

  it('tells all, the last one too', async () => {
    for (const count of [0, 1, 2, 7]) {
      const { seqs, error } = await gather(scoreInOrder(source(count), slow, ahead));
      expect([seqs, error]).toEqual([Array.from({ length: count }, (_, i) => i), null]);
    }
  });

  it('leaves out what there is nothing to tell of', async () => {
    const some = (given: Frame) => {
      if (indexOf(given) === 1) return null;
      return indexOf(given) === 3 ? Promise.resolve(null) : slow(given);
    };
    expect((await gather(scoreInOrder(source(6), some, ahead))).seqs).toEqual([0, 2, 4, 5]);
  });

  it('tells what came before a failure of the source', async () => {
    const failure = new Error('broke');
    const { seqs, error } = await gather(scoreInOrder(source(3, failure), slow, ahead));
    expect(seqs).toEqual([0, 1, 2]);
    expect(error).toBe(failure);
  });

  it('tells what came before a failure of the scoring, and closes the source', async () => {
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

  it('hands over so many frames and no more before the first is answered', async () => {
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

  it('tells what is scored while the next frame is not there', async () => {
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
