/** Where an execution of one's own and a shared one meet, event by event: nothing is left out, nothing comes twice. */
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { Execution } from '../../src/api/fanout/execution.ts';
import { rejoin } from '../../src/api/fanout/rejoin.ts';
import { ANYBODY } from '../helpers/access.ts';

const schema = buildSchema('type Query { none: Int } type Subscription { event: String }');
const args = {
  schema,
  document: parse('subscription { event }'),
  contextValue: { requester: ANYBODY },
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An event is its own cursor, unless it begins with `-`: then it has none. */
const cursorOf = (root: unknown) => {
  const { event } = root as { event: string };
  return event.startsWith('-') ? (null as never) : event;
};

/** An execution, and what gives it events. */
function start(key: string | null) {
  const waiting: string[] = [];
  let wake = () => {};
  let over = false;
  const iterator = {
    async next() {
      while (waiting.length === 0 && !over)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const event = waiting.shift();
      return event === undefined
        ? { done: true as const, value: undefined }
        : { done: false as const, value: { event } };
    },
    async return() {
      end();
      return { done: true as const, value: undefined };
    },
  };
  const end = () => {
    over = true;
    wake();
  };
  const source = { lost: () => 0, [Symbol.asyncIterator]: () => iterator };
  const plan = { key, skipPlace: { root: 'event', keys: [] }, cursorOf, begin: null, live: null };
  const options = { createContext: () => ({}), maskError: (error: unknown) => error as never };
  const execution = new Execution(source as never, args, plan, options);
  return {
    execution,
    async give(...events: string[]) {
      for (const event of events) {
        waiting.push(event);
        wake();
        await turn();
      }
    },
    async end() {
      end();
      await turn();
    },
  };
}

/** Both, and who listens to the one of their own. */
function begin() {
  const [own, shared] = [start(null), start('shared')];
  const subscriber = own.execution.join()!;
  const heard: string[] = [];
  subscriber.attach({
    full: false,
    write: ({ result }) => void heard.push(String(result.data?.event)),
    end() {},
  });
  rejoin(own.execution, shared.execution);
  return { own, shared, subscriber, heard };
}

test('the shared one comes to where the own one is: what follows comes from it', async () => {
  const { own, shared, heard } = begin();
  await own.give('a', 'b');
  await shared.give('a', 'b', 'c');
  expect(own.execution.over).toBe(true);
  expect(heard).toEqual(['a', 'b', 'c']);
});

test('the own one comes to where the shared one was: what that has delivered since is not left out', async () => {
  const { own, shared, heard } = begin();
  await shared.give('b', 'c', 'd');
  await own.give('a');
  expect(own.execution.over).toBe(false);
  await own.give('b');
  expect(own.execution.over).toBe(true);
  await shared.give('e');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('they do not meet where they deliver other events, or such that nothing can resume behind', async () => {
  const { own, shared, heard } = begin();
  await shared.give('-1');
  await own.give('-1', 'a', '-2');
  await shared.give('b', '-2');
  await own.give('c', '-3');
  expect(own.execution.over).toBe(false);
  expect(heard).toEqual(['-1', 'a', '-2', 'c', '-3']);
});

test.each([
  [64, '0'],
  [65, '1'],
])('of %i deliveries of the shared one the own one may be as far behind as %s', async (count, first) => {
  const numbers = Array.from({ length: count }, (_, index) => String(index));
  const { own, shared, heard } = begin();
  await shared.give(...numbers);
  if (first === '1') await own.give('0');
  expect(own.execution.over).toBe(false);
  await own.give(first);
  expect(own.execution.over).toBe(true);
  expect(heard).toEqual(numbers);
});

test('a shared one that has ended is not joined, nor one that could not begin', async () => {
  const { own, shared, heard } = begin();
  await shared.give('a', 'b');
  await shared.end();
  await own.give('a', 'b', 'c');
  expect(heard).toEqual(['a', 'b', 'c']);
  rejoin(own.execution, shared.execution);
  rejoin(own.execution, { errors: [] });
  await own.give('d');
  expect(heard).toEqual(['a', 'b', 'c', 'd']);
});

test('whoever leaves before they have met leaves the shared one to its others, or nobody', async () => {
  const { shared, subscriber, own } = begin();
  await own.give('a');
  expect(shared.execution.over).toBe(false);
  subscriber.close();
  expect(own.execution.over).toBe(true);
  expect(shared.execution.over).toBe(true);
});
