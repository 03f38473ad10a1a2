/** By which names, and from which pages, the server may be asked: over every transport, whatever it listens on. */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHostPolicy } from '../../src/api/http/hosts.ts';
import { openTestApi, type TestApi } from './harness.ts';

const AGENT = new Agent({ keepAlive: true, maxSockets: 8 });
const JSON_TYPE = { 'content-type': 'application/json' };
const QUERY = JSON.stringify({ query: '{ __typename }' });
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'graphql-transport-ws',
};

interface Ask {
  method: 'GET' | 'POST' | 'OPTIONS';
  path: string;
  headers?: IncomingHttpHeaders;
  body?: string;
  /** What it is answered when nothing is refused. */
  status: number;
}

const TRANSPORTS: Record<string, Ask> = {
  'a query': { method: 'POST', path: '/graphql', headers: JSON_TYPE, body: QUERY, status: 200 },
  'a subscription over SSE': {
    ...{ method: 'POST', path: '/graphql', headers: { ...JSON_TYPE, accept: 'text/event-stream' } },
    ...{ body: JSON.stringify({ query: 'subscription { frameEmotions { seq } }' }), status: 200 },
  },
  'a WebSocket': { method: 'GET', path: '/graphql', headers: UPGRADE, status: 101 },
  'an upload': {
    ...{ method: 'POST', path: '/uploads', headers: { 'content-type': 'video/mp4' } },
    ...{ body: 'frames', status: 201 },
  },
  'the dashboard': { method: 'GET', path: '/', status: 200 },
  'a part of the dashboard': { method: 'GET', path: '/web/client.js', status: 200 },
  'a form': {
    ...{ method: 'POST', path: '/uploads', status: 201 },
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'x-requested-with': 'test' },
    body: '--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\nframes\r\n--b--\r\n',
  },
  GraphiQL: { method: 'GET', path: '/graphql', headers: { accept: 'text/html' }, status: 200 },
  'a preflight': { method: 'OPTIONS', path: '/graphql', status: 204 },
  'a page that is not there': { method: 'GET', path: '/nothing', status: 404 },
  metrics: { method: 'GET', path: '/metrics', status: 200 },
};

const FOREIGN_NAMES = [
  ...[
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'notlocalhost',
  ],
  ...[
    'mien.example.org.evil.example',
    'evil@localhost',
    'localhost:4000@evil',
    'localhost/',
    '::1',
    'localhost:',
  ],
  ...['127.0.0.1:4000:80', 'mien.example.org.', 'localhost#', '127.1', '[localhost]'],
];
const FOREIGN_ADDRESSES = ['8.8.8.8', '10.0.0.1:4000', '0.0.0.0', '[::2]'];
const OWN_NAMES = [
  ...['localhost:4000', 'localhost', 'LOCALHOST:1', 'demo.localhost:4000', '127.0.0.1:4000', '127.8.9.10'],
  ...[
    '[::1]:4000',
    'mien.example.org',
    'mien.example.org:443',
    'Mien.Example.ORG',
    'mien.lan:8080',
    'mien.lan',
  ],
];
const FOREIGN_PAGES = [
  ...['https://evil.example', 'null', 'file://', 'app://x', 'https://mien.example.org.evil.example', 'x'],
  ...[
    'http://mien.example.org',
    'https://mien.lan:8080',
    'https://friend.example:8443',
    'http://friend.example',
  ],
];
/** With the name under which they ask. */
const OWN_PAGES = [
  ['https://mien.example.org', 'mien.example.org'],
  // A proxy that gives its own name for this server.
  ['https://mien.example.org', '127.0.0.1:4000'],
  ['http://mien.lan:8080', 'mien.lan:8080'],
  ['https://friend.example', 'mien.example.org'],
  // A container whose port is mapped.
  ['http://localhost:4000', 'localhost:4000'],
] as const;

interface Told {
  status: number;
  code?: string;
  message?: string;
}

/** Sends it with these headers, which `fetch` would not let a test choose. */
function send(api: TestApi, { method, path, headers, body }: Ask, more: IncomingHttpHeaders): Promise<Told> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers: { ...headers, ...more }, agent: AGENT });
    asked.on('response', (response) => {
      const status = response.statusCode ?? 0;
      // What refuses is JSON; streams have no end, and GraphiQL has 9 MB.
      if (!response.headers['content-type']?.includes('json')) {
        asked.destroy();
        return resolve({ status });
      }
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const [error] = text.startsWith('{"errors"') ? JSON.parse(text).errors : [];
        resolve({ status, code: error?.extensions.code, message: error?.message });
      });
    });
    asked.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ status: 101 });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe.each(['127.0.0.1', '0.0.0.0'])('a server that listens on %s', (host) => {
  let api: TestApi;
  beforeAll(async () => {
    const publicUrls = ['https://mien.example.org', 'http://mien.lan:8080'];
    api = await openTestApi({}, { host, publicUrls, allowedOrigins: ['https://friend.example'] });
  });
  afterAll(() => api.close());

  describe.each(Object.entries(TRANSPORTS))('%s', (_name, ask) => {
    const codes = async (all: readonly IncomingHttpHeaders[]) => {
      const told = await Promise.all(all.map((headers) => send(api, ask, headers)));
      return told.map(({ status, code }, index) => [JSON.stringify(all[index]), code ?? status]);
    };
    const each = (all: readonly IncomingHttpHeaders[], expected: string | number) =>
      all.map((headers) => [JSON.stringify(headers), expected]);

    test('is refused under foreign names and addresses', async () => {
      const names = FOREIGN_NAMES.map((host) => ({ host }));
      expect(await codes(names)).toEqual(each(names, 'HOST_REFUSED'));
      const addresses = FOREIGN_ADDRESSES.map((host) => ({ host }));
      // Scraped by address, as probes ask too.
      expect(await codes(addresses)).toEqual(each(addresses, ask.path === '/metrics' ? 200 : 'HOST_REFUSED'));
    });

    test('is answered under its own names, on any port', async () => {
      const names = OWN_NAMES.map((host) => ({ host }));
      expect(await codes(names)).toEqual(each(names, ask.status));
    });

    test('is refused from foreign pages', async () => {
      const pages = FOREIGN_PAGES.map((origin) => ({ host: 'mien.example.org', origin }));
      expect(await codes(pages)).toEqual(each(pages, 'ORIGIN_REFUSED'));
    });

    test('is answered from its own pages, and from those that are allowed', async () => {
      const pages = OWN_PAGES.map(([origin, host]) => ({ host, origin }));
      expect(await codes(pages)).toEqual(each(pages, ask.status));
    });

    test('the refusal says which setting would let it in', async () => {
      const byName = await send(api, ask, { host: 'evil.example' });
      expect(byName.message).toMatch(/"evil\.example".*MIEN_PUBLIC_URL/);
      const byPage = await send(api, ask, { host: 'localhost', origin: 'https://evil.example' });
      expect(byPage.message).toContain('MIEN_ALLOWED_ORIGINS');
    });
  });

  test.each(['/health', '/ready'])(
    '%s is answered by address, as probes ask, and not by a foreign name',
    async (path) => {
      const probe = (name: string) => send(api, { method: 'GET', path, status: 200 }, { host: name });
      expect((await probe('10.42.0.7:4000')).status).toBe(200);
      expect((await probe('[fd00::7]:4000')).status).toBe(200);
      expect((await probe('evil.example')).code).toBe('HOST_REFUSED');
    },
  );

  test('a page of another local port may ask only where the server listens on loopback', async () => {
    const told = await send(api, TRANSPORTS['a query']!, {
      ...{ host: 'localhost:4000', origin: 'http://localhost:3000' },
    });
    expect(told.status).toBe(host === '127.0.0.1' ? 200 : 403);
  });

  test('a page of the machine of whoever comes through a proxy may not ask: this server is on another one', async () => {
    const told = await send(api, TRANSPORTS['a query']!, {
      ...{ host: 'mien.example.org', origin: 'http://localhost:3000' },
    });
    expect(told).toMatchObject({ status: 403, code: 'ORIGIN_REFUSED' });
  });
});

test('a server is known by the name or address that it was told to listen on', async () => {
  const api = await openTestApi({}, { host: '127.0.0.1', publicUrls: [] });
  const all = await openTestApi({}, { host: 'localhost', allowedOrigins: ['*'] });
  expect((await send(api, TRANSPORTS.metrics!, { host: 'mien.example.org' })).code).toBe('HOST_REFUSED');
  const anyPage = (origin: string) => send(all, TRANSPORTS['a query']!, { host: 'localhost', origin });
  expect((await anyPage('https://evil.example')).status).toBe(200);
  expect((await anyPage('null')).code).toBe('ORIGIN_REFUSED');
  await api.close();
  await all.close();
});

test('an IPv6 address is known however its groups are written', () => {
  const { knows } = createHostPolicy({ host: '2001:DB8:0::1', publicUrls: [] });
  const known = (host: string) => knows({ headers: { host } } as IncomingMessage);
  expect(['[2001:db8::1]:4000', '[2001:0DB8:0:0::0001]', '[0:0:0:0:0:0:0:1]'].map(known)).toEqual([
    true,
    true,
    true,
  ]);
  expect(known('[2001:db8::2]')).toBe(false);
});
