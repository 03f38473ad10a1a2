/** Where `skippedBefore` stands in a result, and what each of those who share an execution is told there. */

import { parse } from 'graphql';
import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { Delivery } from '../../src/api/fanout/delivery.ts';
import { planSubscription } from '../../src/api/fanout/operation.ts';
import { Subscriber } from '../../src/api/fanout/subscriber.ts';
import type { Services } from '../../src/api/index.ts';
import { schema } from '../../src/api/schema/index.ts';
import { MemoryBus } from '../../src/bus/index.ts';
import { ANYBODY } from '../helpers/access.ts';
import { moment, openTestApi, STREAM, subscriptionsOf, until } from './harness.ts';

test.each<[string, string, string[], Record<string, unknown>?]>([
  ['subscription { frameEmotions { seq } }', 'frameEmotions', []],
  ['subscription { a: frameEmotions { skippedBefore s: skippedBefore } }', 'a', ['skippedBefore', 's']],
  // Root fields of one response key are merged.
  [
    'subscription { streamStatus { state } streamStatus { skippedBefore } }',
    'streamStatus',
    ['skippedBefore'],
  ],
  [
    'subscription { streamStatus { state } ...F } fragment F on Subscription { streamStatus { ...G } } fragment G on StreamStatus { n: skippedBefore }',
    'streamStatus',
    ['n'],
  ],
  [
    'subscription { expressionEpisodes(sessionId: "x") { kind skippedBefore @skip(if: true) } }',
    'expressionEpisodes',
    [],
  ],
  [
    'subscription ($no: Boolean = false) { streamStatus { a: skippedBefore @include(if: $no) b: skippedBefore @skip(if: $no) } }',
    'streamStatus',
    ['b'],
  ],
  [
    'subscription ($yes: Boolean!) { streamStatus { ... @skip(if: $yes) { a: skippedBefore } ... on StreamStatus { b: skippedBefore } } }',
    'streamStatus',
    ['b'],
    { yes: true },
  ],
])('%s: below %s, as %j', (query, root, keys, variableValues = {}) => {
  const { skipPlace } = planSubscription({
    schema,
    document: parse(query),
    variableValues,
    contextValue: { requester: ANYBODY },
  });
  expect(skipPlace).toEqual({ root, keys });
});

const QUERY = 'subscription { frameEmotions { seq skippedBefore faces { actionUnits { name } } } }';
type Sent = { data: { frameEmotions: { seq: number; skippedBefore: number } } };

test('who joins a shared execution is told of what is lost from then on, not of what was lost before', async () => {
  const bus = new MemoryBus();
  let release = () => {};
  const gate = new Promise<null>((resolve) => {
    release = () => resolve(null);
  });
  const prisma = { session: { findUnique: () => gate } } as unknown as Services['prisma'];
  const api = await openTestApi({ subscriptions: subscriptionsOf(bus, 64), prisma });
  const subscribers = async () =>
    (await api.metrics.subscribers.get()).values.reduce((sum, { value }) => sum + value, 0);
  const client = createClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
  const subscribe = () => client.iterate({ query: QUERY }) as AsyncIterableIterator<Sent>;
  const take = async (results: AsyncIterableIterator<Sent>) =>
    (await results.next()).value.data.frameEmotions;
  let seq = 0;
  const publish = (count: number) => {
    for (const end = seq + count; seq < end; seq++) bus.moment(STREAM, moment(seq), 0);
  };

  const early = subscribe();
  const first = take(early);
  await until(async () => (await subscribers()) === 1, 'the first is in');
  publish(1); // The execution waits for the names of the action units: the others wait in the queue.
  await until(() => bus.subscribers === 1, 'it takes');
  await new Promise((resolve) => setTimeout(resolve));
  publish(64 + 50);
  const late = subscribe();
  const lateFirst = take(late);
  await until(async () => (await subscribers()) === 2, 'the second is in');
  publish(10);
  release();
  expect([await first, await take(early)]).toMatchObject([
    { seq: 0, skippedBefore: 0 },
    { seq: 61, skippedBefore: 60 },
  ]);
  expect([await lateFirst, await take(late)]).toMatchObject([
    { seq: 0, skippedBefore: 0 },
    { seq: 61, skippedBefore: 10 },
  ]);
  expect([await take(early), await take(late)]).toMatchObject([
    { seq: 62, skippedBefore: 0 },
    { seq: 62, skippedBefore: 0 },
  ]);
  await early.return?.();
  await late.return?.();
  await api.close();
});

test('what was lost before somebody joined, and was found again in the store, hides no later loss', () => {
  const told: number[] = [];
  const subscriber = new Subscriber({});
  subscriber.attach({ full: false, write: (_, skipped) => void told.push(skipped), end: () => {} });
  subscriber.takeFrom(8, () => {});
  const deliver = (lost: number, lostByNow: number) => {
    const place = { root: 'frameEmotions', keys: [] };
    subscriber.offer(new Delivery({ result: {}, place, skipped: 0, lost, lostByNow, cursor: null }));
  };
  deliver(0, 8);
  deliver(0, 0); // a session ended, and those eight were read from the store
  deliver(12, 12);
  expect(told).toEqual([0, 0, 12]);
});
