/** Behind proxies: who asks, by which name, and what a proxy of this machine opens to its callers. */
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createAccess } from '../../src/access/access.ts';
import { makeToken } from '../../src/access/token-format.ts';
import type { AuditEvent } from '../../src/domain/audit.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';
import { openTestApi } from './harness.ts';

const PUBLIC = 'https://mien.example.org';

/** A proxy on this machine. @param told what it writes of whom it asks for */
async function openProxy(target: string, told: (from: string, given: string | undefined) => object) {
  const { port: upstream } = new URL(target);
  const server = createServer((asked, response) => {
    const { url = '/', method = 'GET', socket } = asked;
    const forwarded = told(
      socket.remoteAddress ?? '',
      asked.headers['x-forwarded-for'] as string | undefined,
    );
    const headers = { ...asked.headers, ...forwarded } as IncomingHttpHeaders;
    const passed = request({ port: upstream, host: '127.0.0.1', path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const writesHeader = (from: string, given: string | undefined) => ({
  'x-forwarded-for': given === undefined ? from : `${given}, ${from}`,
});
const writesNothing = () => ({});

async function open(options: { publicUrls?: string[]; trustedProxies?: string[] }) {
  const tokens = memoryTokens();
  const { authenticator } = createAccess({
    ...{ mode: 'required', loopback: true, tokens, signIns: new MemorySignIns() },
  });
  const events: AuditEvent[] = [];
  const audit = { record: async (event: AuditEvent) => void events.push(event) };
  const api = await openTestApi({ audit }, { authenticator, ...options });
  onTestFinished(() => api.close());
  return { api, tokens, addresses: () => events.map(({ requester }) => requester.address) };
}

/** With any `Host`. */
function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  const host = new URL(PUBLIC).host;
  return new Promise((resolve, reject) => {
    request(
      { port, host: '127.0.0.1', path, headers: { host, 'x-requested-with': 'a test', ...headers } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    )
      .on('error', reject)
      .end();
  });
}

const QUERY = '/graphql?query=%7B__typename%7D';
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const wrong = () => bearer(makeToken().secret);

test('through a trusted proxy the audit has the address of whoever asks, and of nobody else what is written there', async () => {
  const { api, addresses } = await open({ publicUrls: [PUBLIC], trustedProxies: ['loopback'] });
  const proxy = await openProxy(api.url, writesHeader);
  expect(await ask(proxy, QUERY, { ...wrong(), 'x-forwarded-for': '198.51.100.7, 203.0.113.9' })).toBe(401);
  expect(await ask(proxy, QUERY, { ...wrong(), 'x-forwarded-for': 'unknown' })).toBe(401);
  expect(addresses()).toEqual(['203.0.113.9', '127.0.0.1']);
  const untrusted = await open({ publicUrls: [PUBLIC], trustedProxies: ['192.0.2.1', '10.0.0.0/8'] });
  expect(
    await ask(Number(new URL(untrusted.api.url).port), QUERY, {
      ...wrong(),
      'x-forwarded-for': '203.0.113.9',
    }),
  ).toBe(401);
  expect(untrusted.addresses()).toEqual(['127.0.0.1']);
});

test('who guesses tokens through a trusted proxy is slowed, and nobody else who comes through it', async () => {
  const { api } = await open({ publicUrls: [PUBLIC], trustedProxies: ['loopback'] });
  const proxy = await openProxy(api.url, writesHeader);
  const guess = (from: string) => ask(proxy, QUERY, { ...wrong(), 'x-forwarded-for': from });
  const codes: number[] = [];
  while (codes.at(-1) !== 429 && codes.length < 100) codes.push(await guess('203.0.113.9'));
  expect(codes.at(-1)).toBe(429);
  expect(await guess('203.0.113.10')).toBe(401);
});

test('a proxy of this machine that writes no header opens neither /metrics nor /ready to its callers', async () => {
  const unnamed = await open({ publicUrls: [PUBLIC] });
  const silent = await openProxy(unnamed.api.url, writesNothing);
  const { secret } = await unnamed.tokens.add();
  for (const path of ['/metrics', '/ready']) {
    expect(await ask(silent, path)).toBe(401);
    expect(await ask(silent, path, bearer(secret))).toBe(200);
  }
  expect(await ask(silent, '/health')).toBe(200);
});

test('where the proxies are named, programs of this machine need no token for /metrics and /ready, and callers of the proxy do', async () => {
  const { api } = await open({ publicUrls: [PUBLIC], trustedProxies: ['loopback'] });
  const proxy = await openProxy(api.url, writesHeader);
  for (const path of ['/metrics', '/ready']) {
    expect(await ask(Number(new URL(api.url).port), path)).toBe(200);
    expect(await ask(proxy, path)).toBe(401);
  }
});

test('what comes through a proxy under a name that is not public is refused, with the setting to make', async () => {
  const { api } = await open({});
  const proxy = await openProxy(api.url, writesHeader);
  expect(await ask(proxy, QUERY)).toBe(403);
  const named = await open({ publicUrls: [PUBLIC] });
  const { secret } = await named.tokens.add();
  const toNamed = await openProxy(named.api.url, writesHeader);
  expect(await ask(toNamed, QUERY, { ...bearer(secret), origin: PUBLIC })).toBe(200);
  expect(await ask(toNamed, QUERY, { ...bearer(secret), origin: 'https://evil.example' })).toBe(403);
});
