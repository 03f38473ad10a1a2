/** What GraphQL over HTTP says of statuses, parameters and encodings, and the same mistakes on other transports. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { MienError } from '../../src/errors.ts';
import { openTestApi, type TestApi } from './harness.ts';

const MODELS = Array.from({ length: 200 }, (_, index) => ({ id: `model-${index}`, name: `model ${index}` }));
let api: TestApi;
let failure: Error | null = null;
beforeAll(async () => {
  const findMany = async () => {
    if (failure) throw failure;
    return MODELS;
  };
  api = await openTestApi({ prisma: { model: { findMany }, stream: { findMany } } as never });
});
afterAll(() => api.close());

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

async function post(body: unknown, accept: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}

const ALIASES = `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: models { id }`).join(' ')} }`;
const NUMBER = 'query ($n: Int!) { streams(first: $n) { nodes { id } } }';
const MISTAKES: [string, object, string][] = [
  ['a syntax error', { query: '{ models {' }, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ['too many aliases', { query: ALIASES }, 'QUERY_TOO_LARGE'],
  [
    'too many items',
    { query: '{ sessions(first: 1000) { nodes { tracks(first: 100) { nodes { number } } } } }' },
    'QUERY_TOO_LARGE',
  ],
  ['a variable of the wrong type', { query: NUMBER, variables: { n: 'x' } }, 'BAD_INPUT'],
  ['a missing variable', { query: NUMBER }, 'BAD_INPUT'],
  [
    'two operations and no name',
    { query: 'query A { models { id } } query B { models { id } }' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
];

describe.each(MISTAKES)('%s', (name, request, code) => {
  test(`${name} is answered with 400 as graphql-response+json, and with 200 as application/json`, async () => {
    for (const [accept, status] of [
      [RESPONSE_TYPE, 400],
      [JSON_TYPE, 200],
      [`${RESPONSE_TYPE}, ${JSON_TYPE};q=0.9`, 400],
    ] as const) {
      const answer = await post(request, accept);
      expect(answer).toMatchObject({ status, body: { errors: [{ extensions: { code } }] } });
      expect(answer.body.data).toBeUndefined();
    }
  });
});

test('what fails on the server is answered with 200 beside data that is null where it may be, whatever is accepted', async () => {
  for (const accept of [JSON_TYPE, RESPONSE_TYPE]) {
    const answer = await post({ query: '{ node(id: "x\\u0000") { id } }' }, accept);
    expect(answer).toMatchObject({ status: 200, body: { data: { node: null } } });
  }
});

test.each([
  [new Error('secret'), 'INTERNAL'],
  [new MienError('STORE_UNAVAILABLE', 'Try again.'), 'STORE_UNAVAILABLE'],
])('%s while it is answered is told as %s beside data that is null, with 200', async (error, code) => {
  failure = error;
  try {
    const answer = await post({ query: '{ streams { nodes { id } } }' }, RESPONSE_TYPE);
    expect(answer).toMatchObject({ status: 200, body: { data: null, errors: [{ extensions: { code } }] } });
  } finally {
    failure = null;
  }
});

const WRONG = { query: NUMBER, variables: { n: 'x' } };
const TOLD = {
  message: 'Variable "$n" got invalid value "x"; Int cannot represent non-integer value: "x"',
  locations: [{ line: 1, column: 8 }],
  extensions: { code: 'BAD_INPUT' },
};

test('a wrong variable is told with its name, its place and a code over HTTP, as an event stream and over a WebSocket', async () => {
  expect((await post(WRONG, JSON_TYPE)).body).toEqual({ errors: [TOLD] });
  const SUBSCRIPTION = 'subscription ($n: Float!) { frameEmotions(streamId: "x", every: $n) { seq } }';
  const request = { query: SUBSCRIPTION, variables: { n: 'x' } };
  const field = {
    ...TOLD,
    message: 'Variable "$n" got invalid value "x"; Float cannot represent non numeric value: "x"',
    locations: [{ line: 1, column: 15 }],
  };
  const events = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(request),
  });
  expect(JSON.parse(/data: (.*)/.exec(await events.text())![1]!)).toEqual({ errors: [field] });
  expect(await overWebSocket(request)).toEqual([field]);
});

test('a mistake is told over a WebSocket without what is meant for HTTP', async () => {
  const [error] = (await overWebSocket({ query: '{ models {' })) as { extensions: object }[];
  expect(error?.extensions).toEqual({ code: 'GRAPHQL_PARSE_FAILED' });
});

async function overWebSocket(request: {
  query: string;
  variables?: Record<string, unknown>;
}): Promise<unknown> {
  const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  try {
    return await new Promise((resolve, reject) => {
      client.subscribe(request, {
        next: ({ errors, data }) => (data ? reject(new Error('answered')) : resolve(errors)),
        error: resolve,
        complete: () => reject(new Error('completed')),
      });
    });
  } finally {
    await client.dispose();
  }
}

test('parameters that GraphQL does not know are ignored', async () => {
  const answer = await post(
    { query: '{ models { id } }', operationType: 'query', more: { of: 'it' } },
    JSON_TYPE,
  );
  expect(answer).toMatchObject({ status: 200, body: { data: { models: { length: MODELS.length } } } });
});

test('a query that is named by its hash alone is asked for in the words that clients know', async () => {
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
  expect((await post({ extensions }, JSON_TYPE)).body).toEqual({
    errors: [
      { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
    ],
  });
  const answer = await post({ query: '{ models { id } }', extensions }, JSON_TYPE);
  expect(answer.body).toMatchObject({ data: { models: { length: MODELS.length } } });
});

test('no query at all, a batch, and a mutation by GET keep their own status', async () => {
  expect((await post({}, JSON_TYPE)).status).toBe(400);
  expect((await post([{ query: '{ models { id } }' }], JSON_TYPE)).status).toBe(400);
  const query = encodeURIComponent('mutation { startStream(input: { id: "x" }) { session { id } } }');
  const headers = { 'x-requested-with': 'test' };
  expect((await fetch(`${api.url}/graphql?query=${query}`, { headers })).status).toBe(405);
});

test.each([
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
] as const)('an answer is compressed with %s for those who take it', async (encoding, decompress) => {
  const { status, headers, body } = await raw({ 'accept-encoding': encoding });
  expect({ status, encoding: headers.get('content-encoding') }).toEqual({ status: 200, encoding });
  expect(headers.get('vary')).toContain('Accept-Encoding');
  expect(JSON.parse(decompress(body).toString())).toEqual({ data: { models: MODELS } });
  const { body: plain, headers: of } = await raw({ 'accept-encoding': 'identity' });
  expect(of.get('content-encoding')).toBeNull();
  expect(body.length).toBeLessThan(plain.length / 4);
});

test('events are not compressed: each is sent as it happens', async () => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'accept-encoding': 'br, gzip',
    },
    body: JSON.stringify({ query: 'subscription { streamStatus { state } }' }),
  });
  expect(response.headers.get('content-encoding')).toBeNull();
  await response.body?.cancel();
});

/** As it came: fetch would decompress it. */
async function raw(headers: Record<string, string>) {
  const { request } = await import('node:http');
  return new Promise<{ status: number; headers: Headers; body: Buffer }>((resolve, reject) => {
    const asked = request(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: JSON_TYPE, ...headers },
    });
    asked.on('error', reject).on('response', async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const told = Object.entries(answer.headers).map(
        ([name, value]) => [name, String(value)] as [string, string],
      );
      resolve({ status: answer.statusCode ?? 0, headers: new Headers(told), body: Buffer.concat(chunks) });
    });
    asked.end(JSON.stringify({ query: '{ models { id name } }' }));
  });
}
