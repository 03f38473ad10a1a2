/** The dashboard as it is served: types, caching, policy, and nothing else of the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openTestApi, type TestApi } from '../api/harness.ts';

const WEB = new URL('../../dist/web/', import.meta.url);

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
  const parts = readdirSync(WEB).filter((name) => !name.endsWith('.html'));
  const hashed = parts.filter((name) => /-[A-Z0-9]{8}\.(?:js|css)$/.test(name));

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

  it('each page loads one script and one style sheet, which browsers keep for good', async () => {
    expect(hashed.length).toBe(4);
    for (const path of ['/', '/sign-in']) {
      const html = await (await fetch(api.url + path)).text();
      const [style, script, ...others] = [...html.matchAll(/(?:href|src)="(web\/[^"]+\.(?:css|js))"/g)];
      expect([style?.[1], script?.[1], others]).toEqual([
        expect.stringMatching(/^web\/(?:index|sign-in)-[A-Z0-9]{8}\.css$/),
        expect.stringMatching(/^web\/(?:index|sign-in)-[A-Z0-9]{8}\.js$/),
        [],
      ]);
    }
    for (const name of parts) {
      const { headers } = await fetch(`${api.url}/web/${name}`);
      const control = hashed.includes(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
      expect([name, headers.get('cache-control')]).toEqual([name, control]);
    }
    expect((await fetch(`${api.url}/`)).headers.get('cache-control')).toBe('no-cache');
  });

  it('what is imported is there: nothing is asked for behind the one script', () => {
    for (const name of hashed.filter((one) => one.endsWith('.js')))
      expect(readFileSync(new URL(name, WEB), 'utf8')).not.toMatch(/\bimport\s*["'{(]|\bfrom\s*["']\.\//);
  });

  it('the whole dashboard is less than 110 kB compressed', async () => {
    const bytes = await sizeOf([
      '/',
      ...hashed.filter((name) => name.startsWith('index-')).map((name) => `/web/${name}`),
    ]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(110_000);
    expect(await sizeOf(['/web/client.js'])).toBeLessThan(35_000);
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
    const { status, body } = await raw('/web/client.js');
    expect([status, body]).toEqual([200, readFileSync(new URL('client.js', WEB), 'utf8')]);
  });
});

test('a file of the dashboard whose ETag the browser has is answered with 304', async () => {
  const first = await fetch(`${api.url}/web/client.js`);
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
  expect(first.headers.get('cache-control')).toBe('no-cache');
  for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
    const again = await fetch(`${api.url}/web/client.js`, { headers: { 'if-none-match': known } });
    expect([known, again.status, await again.text()]).toEqual([known, 304, '']);
    expect(again.headers.get('etag')).toBe(etag);
  }
  const stale = await fetch(`${api.url}/web/client.js`, { headers: { 'if-none-match': '"other"' } });
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
  '/web/main.js',
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
  '/web/client.js%00.css',
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
