/** A question for all who answer it: who is waited for, and how long. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCollector } from '../../src/bus/collect-answers.ts';
import type { NatsConnection } from '../../src/bus/nats.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Callback = (error: Error | null, message: object) => void;

/** One server that asks, over connections on which nothing comes but what is answered here. */
function asker() {
  const collect = createCollector();
  return (expected: readonly string[] | null | Promise<readonly string[] | null>) => {
    const replies = { isHeard: true, callback: undefined as Callback | undefined };
    const connection = {
      subscribe: (_: string, { callback }: { callback: Callback }) => {
        replies.callback = callback;
        const unsubscribe = () => {
          replies.isHeard = false;
        };
        return { unsubscribe };
      },
      publish: () => {},
    } as unknown as NatsConnection;
    let answers: unknown[] | null = null;
    const question = { subject: 'q', bytes: '{}', traceparent: undefined };
    void collect(connection, { ...question, expected: Promise.resolve(expected) }).then((all) => {
      answers = [...all];
    });
    return {
      answer: (body: object) => replies.callback?.(null, { data: { length: 2 }, json: () => body }),
      nobody: () => replies.callback?.(null, { data: { length: 0 }, headers: { code: 503 } }),
      fail: () => replies.callback?.(new Error('cut off'), {}),
      /** The answers, once they are given; null before. */
      after: async (milliseconds: number) => {
        await vi.advanceTimersByTimeAsync(milliseconds);
        return answers;
      },
      isListening: () => replies.isHeard,
    };
  };
}

it('the answers are given as soon as all who are expected have answered, with something or with nothing', async () => {
  const { answer, after, isListening } = asker()(['a', 'b']);
  answer({ by: 'a', value: 1 });
  expect([await after(0), isListening()]).toEqual([null, true]);
  answer({ by: 'b' });
  expect([await after(0), isListening()]).toEqual([[1], false]);
});

it('they are not given before it is known who is expected', async () => {
  const { answer, after } = asker()(new Promise((resolve) => setTimeout(resolve, 500, ['a'])));
  answer({ by: 'a', value: 1 });
  expect([await after(499), await after(1)]).toEqual([null, [1]]);
});

it('others have 150 ms behind the first answer, where it is not known who is expected', async () => {
  const { answer, after } = asker()(null);
  expect(await after(100)).toBeNull();
  answer({ value: 1 });
  expect(await after(149)).toBeNull();
  answer({ value: 2 });
  expect(await after(1)).toEqual([1, 2]);
});

it('who is silent is waited for two seconds, and not again until an answer of theirs comes, however late', async () => {
  const ask = asker();
  const first = ask(['a', 'b']);
  first.answer({ by: 'a', value: 1 });
  expect([await first.after(1999), await first.after(1), first.isListening()]).toEqual([null, [1], true]);
  const second = ask(['a', 'b']);
  second.answer({ by: 'a', value: 2 });
  expect([await second.after(149), await second.after(1)]).toEqual([null, [2]]);
  first.answer({ by: 'b', value: 3 });
  const third = ask(['a', 'b']);
  third.answer({ by: 'a', value: 4 });
  expect([await third.after(150), await first.after(0)]).toEqual([null, [1]]);
  third.answer({ by: 'b', value: 5 });
  expect(await third.after(0)).toEqual([4, 5]);
  await first.after(10_000);
  expect(first.isListening()).toBe(false);
});

it.each(['nobody', 'fail'] as const)('there are no answers at once where NATS tells it: %s', async (how) => {
  const question = asker()(['a']);
  question[how]();
  expect([await question.after(0), question.isListening()]).toEqual([[], false]);
});

it('there are none after two seconds where nobody is expected and nobody answers', async () => {
  const { after, isListening } = asker()([]);
  expect([await after(1999), await after(1), isListening()]).toEqual([null, [], false]);
});
