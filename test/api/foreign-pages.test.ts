/** What a web page can send without the browser asking this server first is not done. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuth } from '../../src/api/auth/auth.ts';
import { createHttpServer } from '../../src/api/http/http-server.ts';
import { createLog } from '../../src/log.ts';
import { keptAudit } from '../helpers/audit.ts';
import { openTestApi, type TestApi } from './harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ modelIds: () => [] });
});
afterAll(() => api.close());

const QUERY = JSON.stringify({ query: '{ __typename }' });
const SUBSCRIPTION = encodeURIComponent('subscription { frameEmotions { seq } }');

/** As it is sent: `fetch` would add a content type to a text. */
function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${api.url}${path}`, { method, headers, agent: false });
    asked.on('error', reject).on('response', (response) => {
      const status = response.statusCode ?? 0;
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
        // Streams have no end, and GraphiQL has 9 MB.
        if (!String(response.headers['content-type']).includes('json')) response.destroy();
      });
      response.on('close', () => resolve({ status, text, headers: response.headers }));
    });
    asked.end(body);
  });
}
const codeOf = ({ text }: { text: string }) => JSON.parse(text).errors[0].extensions.code;

test.each([
  ...[
    'text/plain',
    'text/plain; application/json',
    'TEXT/PLAIN;charset=utf-8',
    ' text/plain',
    'text/plain ;x=application/json',
  ],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'multipart/form-data'],
])('a GraphQL request of the type %j is refused', async (type) => {
  const body = type.includes('www-form') ? `query=${encodeURIComponent('{ __typename }')}` : QUERY;
  // Refused for what it is, whatever headers come with it.
  for (const mark of [{}, { 'x-requested-with': 'x' }]) {
    const told = await send('POST', '/graphql', { 'content-type': type, ...mark }, body);
    expect(told.status).toBe(415);
    expect(codeOf(told)).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(told.text).toContain('application/json');
  }
});

test('a GraphQL request without a type is refused, and one of JSON is answered', async () => {
  expect((await send('POST', '/graphql', {}, QUERY)).status).toBe(415);
  expect(
    (await send('POST', '/graphql', { 'content-type': 'application/json; charset=utf-8' }, QUERY)).status,
  ).toBe(200);
});

test.each([
  ['a query', '{__typename}', 'application/json'],
  ['a subscription', SUBSCRIPTION, 'text/event-stream'],
  ['anything', '{__typename}', '*/*'],
])('%s by GET needs a header that pages cannot send unasked', async (_name, query, accept) => {
  const path = `/graphql?query=${query}`;
  const told = await send('GET', path, { accept });
  expect(told.status).toBe(403);
  expect(codeOf(told)).toBe('PREFLIGHT_REQUIRED');
  expect(told.text).toContain('x-requested-with');
  expect((await send('GET', path, { accept, 'x-requested-with': 'test' })).status).toBe(200);
  expect((await send('GET', path, { accept, 'content-type': 'application/json' })).status).toBe(200);
  expect((await send('GET', path, { accept, 'content-type': 'text/plain' })).status).toBe(403);
  // An `EventSource` has no headers of its own; browsers say of whose page it is.
  expect((await send('GET', path, { accept, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  for (const site of ['same-site', 'cross-site', 'none'])
    expect((await send('GET', path, { accept, 'sec-fetch-site': site })).status).toBe(403);
});

test.each([
  ['a form', 'multipart/form-data; boundary=b'],
  ['a text', 'text/plain'],
  ['nothing', ''],
])('an upload of %s needs a header that pages cannot send unasked', async (_name, type) => {
  const body = '--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\nframes\r\n--b--\r\n';
  const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
  const told = await send('POST', '/uploads', headers, body);
  expect(told.status).toBe(403);
  expect(codeOf(told)).toBe('PREFLIGHT_REQUIRED');
  expect((await send('POST', '/uploads', { ...headers, 'x-requested-with': 'test' }, body)).status).toBe(201);
});

test('nothing may be framed, and every page says what it may run', async () => {
  const html = { accept: 'text/html' };
  const pages = [
    ...[
      await send('GET', '/', html),
      await send('GET', '/graphql', html),
      await send('GET', '/health', html),
    ],
    ...[
      await send('GET', '/nothing', html),
      await send('POST', '/graphql', {}, QUERY),
      await send('PUT', '/', {}),
    ],
  ];
  for (const { headers } of pages) {
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
  expect(pages[1]!.headers['content-security-policy']).toMatch(/script-src 'sha256-\S+';/);
});

test('a link on a foreign page opens GraphiQL without the query that it brings', async () => {
  const open = (site: string) =>
    send('GET', '/graphql?query=mutation', { accept: 'text/html', 'sec-fetch-site': site });
  for (const site of ['cross-site', 'same-site']) {
    const { status, headers } = await open(site);
    expect([status, headers.location]).toEqual([303, 'graphql']);
  }
  for (const site of ['same-origin', 'none']) expect((await open(site)).status).toBe(200);
});

test('what a client refuses it does not get', async () => {
  const page = (encoding: string) => send('GET', '/', { 'accept-encoding': encoding });
  for (const refused of ['gzip;q=0', 'gzip; q=0.000', 'br', 'identity, gzip;Q=0', '*;q=0', 'gzip;q=0, *'])
    expect((await page(refused)).headers['content-encoding'], refused).toBeUndefined();
  for (const taken of ['gzip', 'gzip;q=0.1', 'br, *;q=0.5', 'GZIP'])
    expect((await page(taken)).headers['content-encoding'], taken).toBe('gzip');
  const ask = (accept: string, query: string) =>
    send('POST', '/graphql', { accept, 'content-type': 'application/json' }, JSON.stringify({ query }));
  const live = 'subscription { frameEmotions { seq } }';
  expect((await ask('text/event-stream;q=0', live)).status).toBe(406);
  expect((await ask('application/json, text/event-stream;q=0.0', live)).status).toBe(406);
  expect((await ask('text/event-stream;q=0.1', live)).headers['content-type']).toContain('text/event-stream');
  expect((await ask('text/event-stream;q=0', '{ __typename }')).headers['content-type']).toContain('json');
  const html = await send('GET', '/graphql', { accept: 'text/html;q=0, application/json' });
  expect(html.status).toBe(403);
});

test('a request that throws is answered, and logged', async () => {
  const lines: [object, string][] = [];
  const thrown = new Error('thrown by a handler');
  const fail = () => {
    throw thrown;
  };
  const server = createHttpServer({
    ...{
      gate: () => null,
      health: () => ({}),
      graphql: fail,
      graphiql: fail,
      upload: fail,
      proofOf: () => '',
      exports: fail,
      media: fail,
      preview: fail,
      push: { handle: fail, upgrade: fail },
      ...{ ready: async () => {}, standing: () => ({}) },
      metrics: fail,
    },
    auth: createAuth({ log: createLog({ logLevel: 'silent', logFormat: 'json' }), ...keptAudit() }),
    signIn: async () => false,
    notice: () => Promise.reject(new Error('nobody asks for it')),
    ...{ upgrade: fail, staticFiles: fail, rate: () => null, onRefused: () => {} },
    connections: { connections: 9, connectionsPerAddress: 9 },
    pace: { bytesPerSecond: 1, patienceMs: 1000 },
    log: { error: (about: object, text: string) => lines.push([about, text]) } as never,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  for (const path of ['/metrics', '/uploads', '/', '/graphql']) {
    const method = path === '/' || path === '/metrics' ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}${path}?secret`, { method, headers });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('thrown');
    expect(lines.pop()).toEqual([{ err: thrown, method, path }, 'a request failed unexpectedly']);
  }
  server.close();
});
