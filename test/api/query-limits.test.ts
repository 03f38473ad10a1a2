import { getIntrospectionQuery } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, openTestApi, type TestApi, until } from './harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({}, { maxOperations: 3, allowedOrigins: ['https://friend.example'] });
});
afterAll(() => api.close());

const DEEP = `{ streams { nodes ${'{ sessions { nodes { stream '.repeat(5)}{ id }${' } } }'.repeat(5)} } }`;
const WIDE = `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: models { id }`).join(' ')} }`;
const LONG = `{ models { ${'id '.repeat(1200)} } }`;
const DIRECTED = `{ models { id ${'@include(if: true) '.repeat(60)} } }`;

describe('limits of queries', () => {
  const CASES: [string, string, RegExp, string][] = [
    ['too deep', DEEP, /^Query depth .*ask for less/i, 'QUERY_TOO_LARGE'],
    ['too wide', WIDE, /^Alias.*ask for less/i, 'QUERY_TOO_LARGE'],
    ['too long', LONG, /^Token.*ask for less/i, 'QUERY_TOO_LARGE'],
    ['full of directives', DIRECTED, /^Directive.*ask for less/i, 'QUERY_TOO_LARGE'],
    ['malformed', '{ models { id ', /syntax error/i, 'GRAPHQL_PARSE_FAILED'],
    ['of an unknown field', '{ nothing }', /cannot query field "nothing"/i, 'GRAPHQL_VALIDATION_FAILED'],
  ];

  test.each(CASES)('a query that is %s is refused over HTTP', async (_name, query, message, code) => {
    const { errors, data } = await ask(api.url, query);
    expect(errors?.[0]?.message).toMatch(message);
    expect(errors?.[0]?.extensions?.code).toBe(code);
    expect(data ?? null).toBeNull();
  });

  test.each(CASES)('a query that is %s is refused over WebSocket', async (_name, query, message) => {
    const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
    const told = await (client.iterate({ query }) as AsyncIterableIterator<unknown>)
      .next()
      .catch((errors) => errors);
    expect(told[0].message).toMatch(message);
    await client.dispose();
  });

  test('a subscription that is too wide is refused over SSE', async () => {
    const client = createSseClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
    const query = `subscription { ${Array.from({ length: 40 }, (_, index) => `a${index}: frameEmotions { seq }`).join(' ')} }`;
    const told = await (client.iterate({ query }) as AsyncIterableIterator<unknown>).next().then(
      ({ value }) => JSON.stringify(value),
      (error) => String(error.message ?? error),
    );
    expect(told).toMatch(/alias|400/i);
    client.dispose();
  });

  const pages = (n: string, m: string) =>
    `{ streams(first: ${n}) { ...S } } fragment S on StreamConnection { nodes { sessions(first: ${m}) { nodes { id } } } }`;

  test('pages within pages are refused when too many, whether variables or the text hold their sizes', async () => {
    const answers = await Promise.all([
      ask(api.url, `query ($n: Int, $m: Int) ${pages('$n', '$m')}`, { n: 1000, m: 1000 }),
      ask(api.url, pages('1000', '1000')),
    ]);
    for (const { errors } of answers)
      expect(errors?.[0]).toMatchObject({
        extensions: { code: 'QUERY_TOO_LARGE' },
        message: expect.stringContaining('1001000 items'),
      });
  });

  test('the largest page may be asked for with all its fields, whether a variable or the text holds its size', async () => {
    const page = (n: string) =>
      `{ session(id: "x") { timeline(first: ${n}) { nodes { seq mediaTime faces { track box { x y width height } confidence
      probabilities { expression probability } actionUnits { name intensity } landmarks { x y } pose { yaw pitch roll } } } } } }`;
    for (const answer of [
      await ask(api.url, page('1000')),
      await ask(api.url, `query ($n: Int) ${page('$n')}`, { n: 1000 }),
    ]) {
      expect(answer.errors).toBeUndefined();
      expect(answer.data).toEqual({ session: null });
    }
  });

  test('thirty directives, as code generators introspect with, are within the limits', async () => {
    const query = `query ($yes: Boolean = true) { __schema { ${Array.from({ length: 15 }, () => '... @include(if: $yes) { types { name @include(if: $yes) } }').join(' ')} } }`;
    const { errors } = await ask(api.url, query);
    expect(errors).toBeUndefined();
  });

  test('a request body that is too large is refused', async () => {
    const { status } = await ask(api.url, `{ models { id } } # ${'x'.repeat(300_000)}`).catch(() => ({
      status: 413,
    }));
    expect(status).toBe(413);
  });

  test('the introspection query of GraphiQL is within the limits', async () => {
    const { data, errors } = await ask(api.url, getIntrospectionQuery({ oneOf: true }));
    expect(errors).toBeUndefined();
    expect(data.__schema.types.length).toBeGreaterThan(30);
  });
});

describe('a WebSocket', () => {
  const open = (options: object = {}, protocol: string | string[] = 'graphql-transport-ws') =>
    new WebSocket(api.wsUrl, protocol, options);
  const closing = (socket: WebSocket) =>
    new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );

  test('a WebSocket carries at most so many subscriptions', async () => {
    const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false });
    const feeds = Array.from(
      { length: 4 },
      () =>
        client.iterate({ query: 'subscription { frameEmotions { seq } }' }) as AsyncIterableIterator<unknown>,
    );
    const [, , , fourth] = feeds.map((feed) => feed.next().catch((errors) => errors));
    expect(((await fourth) as { extensions: object }[])[0]?.extensions).toEqual({
      code: 'TOO_MANY_SUBSCRIPTIONS',
    });
    await client.dispose();
    await until(() => api.bus.subscribers === 0, 'they are gone');
  });

  test('a WebSocket from a page of another origin is refused', async () => {
    const refused = await new Promise((resolve) => {
      open({ origin: 'https://evil.example' })
        .on('unexpected-response', (_request, response) => resolve(response.statusCode))
        .on('error', () => {});
    });
    expect(refused).toBe(403);
    const friend = open({ origin: 'https://friend.example' });
    await new Promise((resolve) => friend.once('open', resolve));
    friend.terminate();
  });

  test('a WebSocket is closed that speaks another protocol, sends nonsense or too much', async () => {
    const other = open({}, 'graphql-ws');
    expect(
      await Promise.race([
        closing(other),
        new Promise((resolve) => other.on('error', (error) => resolve(String(error)))),
      ]),
    ).toBeTruthy();
    const nonsense = open();
    nonsense.once('open', () => nonsense.send('{'));
    expect((await closing(nonsense)).code).toBe(4400);
    const unasked = open();
    unasked.once('open', () =>
      unasked.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ models { id } }' } })),
    );
    expect((await closing(unasked)).code).toBe(4401);
    const flood = open();
    flood.on('error', () => {});
    flood.once('open', () => flood.send('x'.repeat(100_000)));
    expect((await closing(flood)).code).toBe(1009);
  });
});

describe('HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api.url}${path}`, { headers });

  test('GET answers on /health, /ready and /metrics, and with 404 elsewhere', async () => {
    expect(await (await get('/health')).json()).toEqual({ status: 'ok' });
    expect((await get('/ready')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toContain('mien_event_loop_blocked_seconds');
    expect((await get('/nothing')).status).toBe(404);
  });

  test('/ready answers 503 with the reason when the server is not ready', async () => {
    const own = await openTestApi(
      {},
      { ready: () => Promise.reject(new Error('the database does not answer')) },
    );
    const response = await fetch(`${own.url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'the database does not answer' });
    await own.close();
  });

  test('pages of other origins are refused over HTTP unless they are allowed', async () => {
    const refused = await ask(api.url, '{ __typename }', {}, { origin: 'https://evil.example' });
    expect(refused).toMatchObject({ status: 403, errors: [{ extensions: { code: 'ORIGIN_REFUSED' } }] });
    const preflight = await fetch(`${api.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://friend.example', 'access-control-request-headers': 'content-type' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://friend.example');
    expect((await ask(api.url, '{ __typename }', {}, { origin: api.url })).data).toEqual({
      __typename: 'Query',
    });
  });

  test('a request that is not JSON is told what to send', async () => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }],
    });
  });

  test('a browser gets GraphiQL at /graphql', async () => {
    const response = await get('/graphql', { accept: 'text/html', 'accept-encoding': 'identity' });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('frameEmotions');
  });

  test('a subscription that accepts JSON only is refused, and leaves no subscriber behind', async () => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: 'subscription { frameEmotions { seq } }' }),
    });
    expect(response.status).toBe(406);
    const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
    expect(errors[0]?.message).toContain('text/event-stream');
    expect(errors[0]?.extensions).toEqual({ code: 'NOT_ACCEPTABLE' });
    await until(() => api.bus.subscribers === 0, 'it is gone');
  });
});
