/** The dashboard as it is served: types, caching, policy, and nothing else of the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openTestApi, type TestApi } from '../api/harness.ts';

const WEB = new URL('../../src/web/', import.meta.url);

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

/** `fetch` tidies paths; this sends them as they are. */
function raw(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });
}

describe('the dashboard’s page', () => {
  it('the dashboard is at / and links to GraphiQL at /graphql', async () => {
    const response = await fetch(`${api.url}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('href="graphql"');
    const graphiql = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(graphiql.headers.get('content-type')).toContain('text/html');
    expect((await graphiql.text()).toLowerCase()).toContain('graphiql');
  });

  it.each(['/', '/sign-in'])(
    'the content security policy of %s allows only its own scripts, styles and server',
    async (path) => {
      const { headers } = await fetch(`${api.url}${path}`);
      const policy = headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    },
  );

  it.each(['/', '/sign-in'])(
    'the HTML of %s has nothing inline, nothing of another server, and no dead link',
    async (path) => {
      const html = await (await fetch(`${api.url}${path}`)).text();
      expect(html).not.toMatch(/ style=| on\w+=|<style|javascript:/);
      const addresses = [...html.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, address]) => address!);
      expect(addresses.filter((address) => /^\w+:|^\/\//.test(address))).toEqual([]);
      // The way to an issuer is there where one is set up.
      for (const address of addresses.filter((one) => one !== 'auth/oidc')) {
        expect([
          address,
          (await fetch(new URL(address, `${api.url}/`), { headers: { accept: 'text/html' } })).status,
        ]).toEqual([address, 200]);
      }
    },
  );
});

describe('the dashboard’s files', () => {
  const parts = readdirSync(WEB).filter((name) => !/\.(?:ts|html)$/.test(name));

  it.each(parts)('the dashboard’s file %s is served with its content type', async (name) => {
    const response = await fetch(`${api.url}/web/${name}`);
    const types = {
      css: 'text/css; charset=utf-8',
      js: 'text/javascript; charset=utf-8',
      svg: 'image/svg+xml',
    };
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(types[name.split('.').at(-1) as keyof typeof types]);
    expect(await response.text()).toBe(readFileSync(new URL(name, WEB), 'utf8'));
  });

  it('the dashboard’s scripts import only one another', () => {
    const imported = parts
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [...readFileSync(new URL(name, WEB), 'utf8').matchAll(/ from '(.*)';$/gm)])
      .map(([, specifier]) => specifier!);
    expect(imported.length).toBeGreaterThan(20);
    expect(imported.filter((specifier) => !parts.includes(specifier.replace('./', '')))).toEqual([]);
  });

  it('the whole dashboard is less than 50 kB compressed, and the client beside it less than 30 kB', async () => {
    // The page where people sign in is another, and is left before this one is loaded.
    const loaded = parts.filter((name) => !['sign-in.js', 'client.js'].includes(name));
    const bytes = await sizeOf(['/', ...loaded.map((name) => `/web/${name}`)]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(50_000);
    expect(await sizeOf(['/web/client.js'])).toBeLessThan(30_000);
  });

  async function sizeOf(paths: string[]): Promise<number> {
    let bytes = 0;
    for (const path of paths) {
      const { headers } = await fetch(api.url + path, {
        method: 'HEAD',
        headers: { 'accept-encoding': 'gzip' },
      });
      expect(headers.get('content-encoding')).toBe('gzip');
      bytes += Number(headers.get('content-length'));
    }
    return bytes;
  }

  it('the dashboard’s files are served uncompressed to clients that do not accept gzip', async () => {
    const { status, body } = await raw('/web/main.js');
    expect([status, body]).toEqual([200, readFileSync(new URL('main.js', WEB), 'utf8')]);
  });
});

test('a file of the dashboard whose ETag the browser has is answered with 304', async () => {
  const first = await fetch(`${api.url}/web/main.js`);
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
  expect(first.headers.get('cache-control')).toBe('no-cache');
  for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
    const again = await fetch(`${api.url}/web/main.js`, { headers: { 'if-none-match': known } });
    expect([known, again.status, await again.text()]).toEqual([known, 304, '']);
    expect(again.headers.get('etag')).toBe(etag);
  }
  const stale = await fetch(`${api.url}/web/main.js`, { headers: { 'if-none-match': '"other"' } });
  expect(stale.status).toBe(200);
});

test('HEAD for a file of the dashboard has the headers of GET, and no body', async () => {
  for (const path of ['/', '/sign-in', '/web/style.css']) {
    const [head, get] = [
      await fetch(api.url + path, { method: 'HEAD' }),
      await fetch(api.url + path, { method: 'GET' }),
    ];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
  }
});

test('POST to the dashboard is refused', async () => {
  const response = await fetch(`${api.url}/`, { method: 'POST', body: 'x' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test.each([
  '/nothing',
  '/index.html',
  '/web',
  '/web/',
  '/web/types.d.ts',
  '/web/index.html',
  '/web/sign-in.html',
  '/sign-in.html',
  '/sign-in/x',
  '/web/../api/http.ts',
  '/web/../../package.json',
  '/web/%2e%2e/%2e%2e/package.json',
  '/web/..%2f..%2fpackage.json',
  '/web/..\\..\\package.json',
  '/web//etc/passwd',
  '/web/main.js%00.css',
  '/web/constructor',
])('%s is not found, and the answer says what is', async (path) => {
  const { status, body } = await raw(path);
  expect(status).toBe(404);
  expect(JSON.parse(body).status).toMatch(
    /^nothing is at .*; the dashboard is at \/ and GraphQL at \/graphql$/,
  );
});

test('the dashboard is refused to pages of another origin', async () => {
  const response = await fetch(`${api.url}/`, { headers: { origin: 'https://elsewhere.example' } });
  expect(response.status).toBe(403);
});
