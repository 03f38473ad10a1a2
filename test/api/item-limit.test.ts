/** What one request may ask for, counted before anything is read, whichever way it comes. */
import { readFileSync } from 'node:fs';
import { type GraphQLObjectType, parse } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { countItems } from '../../src/api/count-items.ts';
import { MAX_ITEMS } from '../../src/api/query-limits.ts';
import { schema } from '../../src/api/schema/index.ts';
import type { Sized } from '../../src/api/schema/list-sizes.ts';
import { ask, openTestApi, type TestApi, until } from './harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const count = (query: string, variableValues: Record<string, unknown> = {}) =>
  countItems({ schema, document: parse(query), variableValues });

test.each([
  'tracks(first: 100) { nodes { number } }',
  'episodes(first: 100) { nodes { index } }',
  'aggregate(bucket: 60) { start }',
])('under a page of 1,000 sessions %s is refused', async (list) => {
  const { errors } = await ask(api.url, `query ($n: Int) { sessions(first: $n) { nodes { ${list} } } }`, {
    n: 1000,
  });
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'QUERY_TOO_LARGE' },
    message: expect.stringMatching(/up to 101000 items/),
  });
});

test('a page from both ends at once is refused', async () => {
  const { errors } = await ask(api.url, '{ streams(first: 2, last: 1) { nodes { id } } }');
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'BAD_INPUT' },
    message: expect.stringMatching(/^`streams` takes `first`/),
  });
});

const HEAVY = `subscription ($n: Int) { streamStatus { session { stream {
  sessions(first: $n) { nodes { timeline(first: $n) { nodes { seq } } } } } } } }`;

test('a subscription that would be answered with too much for each event is refused as server-sent events', async () => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: HEAVY, variables: { n: 1000 } }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  expect(text).toContain('1001000 items');
  expect(text).toContain('QUERY_TOO_LARGE');
  expect(api.bus.subscribers).toBe(0);
});

test.each([
  HEAVY,
  HEAVY.replace('subscription', 'query').replace('streamStatus { session {', 'session(id: "x") { ... {'),
])('what would be answered with too much is refused over WebSocket', async (query) => {
  const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  const results = client.iterate({ query, variables: { n: 1000 } }) as AsyncIterableIterator<unknown>;
  const told = await results.next().catch((errors) => errors);
  expect(JSON.stringify(told)).toMatch(/1001000 items.*QUERY_TOO_LARGE/);
  await client.dispose();
});

interface Client {
  iterate(request: { query: string }): unknown;
  dispose(): unknown;
}
const overWebSocket = (): Client =>
  createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
const overEvents = (): Client => createSseClient({ url: `${api.url}/graphql`, retryAttempts: 0 });

/** What comes first, or why nothing does. */
const firstOf = (client: Client, query: string): Promise<unknown> =>
  (client.iterate({ query }) as AsyncIterator<unknown>).next().catch((reason: unknown) => reason);

const BUCKETS = 'aggregate(bucket: 60) { start }';
const query = `{ session(id: "x") { ${BUCKETS} } }`;

async function listen(client: Client): Promise<void> {
  const event = firstOf(client, `subscription { streamStatus { session { ${BUCKETS} } } }`);
  await until(() => api.bus.subscribers === 1, 'it listens');
  await client.dispose();
  await event;
  await until(() => api.bus.subscribers === 0, 'it has left');
}

test.each<[string, () => Promise<unknown>]>([
  ['a query over HTTP', () => ask(api.url, query)],
  [
    'a query over WebSocket',
    async () => {
      const client = overWebSocket();
      await firstOf(client, query);
      await client.dispose();
    },
  ],
  ['a subscription over WebSocket', () => listen(overWebSocket())],
  ['a subscription over server-sent events', () => listen(overEvents())],
])('what %s asks for is counted once', async (_how, send) => {
  const session = schema.getType('Session') as GraphQLObjectType;
  const items = vi.spyOn(session.getFields().aggregate?.extensions as unknown as Sized, 'items');
  onTestFinished(() => items.mockRestore());
  await send();
  expect(items).toHaveBeenCalledOnce();
});

test('the documents of the dashboard and of the README are far below the limit', async () => {
  const dashboard: object = await import(new URL('../../src/web/documents.js', import.meta.url).href);
  const documented = [...readFileSync('README.md', 'utf8').matchAll(/"query":"((?:[^"\\]|\\.)*)"/g)];
  expect(documented.length).toBeGreaterThan(0);
  const queries = [
    ...documented.map(([, query]) => JSON.parse(`"${query}"`) as string),
    ...Object.values(dashboard),
  ];
  for (const query of queries)
    if (typeof query === 'string') expect(count(query, VARIABLES)).toBeLessThanOrEqual(MAX_ITEMS / 10);
});

const VARIABLES = {
  id: 'x',
  streamId: 'x',
  bucket: 1,
  from: 0,
  input: { name: 'x', source: { file: 'x' }, purpose: 'RESEARCH' },
};
