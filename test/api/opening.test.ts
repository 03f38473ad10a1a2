/** Subscriptions that are still being opened when their client leaves, or the server closes. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Subscriptions } from '../../src/api/index.ts';
import { MemoryBus } from '../../src/bus/index.ts';
import { openTestApi, subscriptionsOf, until } from './harness.ts';

const query = 'subscription { frameEmotions { seq } }';

/** An API whose subscriptions open when `open` is called, each time that one is asked for counted in `asked`. */
async function openSlowApi() {
  const bus = new MemoryBus();
  const subscriptions = subscriptionsOf(bus);
  let open = () => {};
  const opening = new Promise<void>((resolve) => {
    open = resolve;
  });
  const state = { asked: 0 };
  const slow: Subscriptions = {
    ...subscriptions,
    moments: async (filter) => {
      state.asked += 1;
      await opening;
      return subscriptions.moments(filter);
    },
  };
  return { bus, state, open, api: await openTestApi({ subscriptions: slow }) };
}

test.each(['sse', 'ws'] as const)(
  'over %s a subscription that is being opened is told of the shutdown, which does not wait for it',
  async (transport) => {
    const { api, bus, state, open } = await openSlowApi();
    const client =
      transport === 'ws'
        ? createWsClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 })
        : createSseClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
    const told = (client.iterate({ query }) as AsyncIterableIterator<unknown>).next().then(
      ({ value }) => JSON.stringify(value),
      (error) => JSON.stringify(error),
    );
    await until(() => state.asked === 1, 'it is being opened');
    const began = performance.now();
    await api.close();
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await told).toContain('SHUTTING_DOWN');
    open();
    await until(() => bus.subscribers === 0, 'nobody reads');
  },
);

test('a client that leaves while its subscription opens is not counted among the subscribers', async () => {
  const { api, bus, state, open } = await openSlowApi();
  const subscribers = async () => (await api.metrics.subscribers.get()).values.map(({ value }) => value);
  const left = new AbortController();
  const asked = fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal: left.signal,
  }).catch(() => {});
  await until(() => state.asked === 1, 'it is being opened');
  left.abort();
  await asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  open();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await subscribers()).filter((count) => count !== 0)).toEqual([]);
  expect(bus.subscribers).toBe(0);
  await api.close();
});
