/** Signing in to the dashboard and out of it, over HTTP: by tokens, at a real OpenID Connect provider, and by who should not. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { createClient as createWsClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Access, createAccess } from '../../src/access/access.ts';
import { createCodeFlow } from '../../src/access/oidc/code-flow.ts';
import { createOidc } from '../../src/access/oidc/oidc.ts';
import { createOidcScheme } from '../../src/access/oidc/scheme.ts';
import { createProxiedAddress } from '../../src/api/auth/proxied-address.ts';
import type { SignInEvent } from '../../src/api/index.ts';
import { setSignInCookie } from '../../src/api/sign-in/set-sign-in-cookie.ts';
import { createSignInEndpoint } from '../../src/api/sign-in/sign-in-endpoint.ts';
import { isAway } from '../../src/store/sql/database-errors.ts';
import { AUDIENCE, CLIENT_ID, makeKey, startIssuer, type TestIssuer } from '../helpers/oidc-issuer.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { type MemoryTokens, memoryTokens } from '../helpers/tokens.ts';
import { walkSignIn } from '../helpers/walk-sign-in.ts';
import { ask, openTestApi, type TestApi } from './harness.ts';

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const QUERY = '{ __typename }';

let store: MemoryTokens;
let access: Access;
let api: TestApi;
let events: SignInEvent[];
beforeEach(() => open());
afterEach(() => api.close());

async function open(publicUrls: string[] = [], issuer?: TestIssuer): Promise<void> {
  store = memoryTokens();
  events = [];
  const settings = {
    ...{ issuer: issuer?.issuer ?? '', audience: AUDIENCE, streamsClaim: null, clientId: CLIENT_ID },
    ...{ clientSecret: null, scope: 'openid profile', log: QUIET },
    roles: [{ claim: 'groups', value: 'staff', role: 'OPERATOR' as const }],
  };
  const oidc = createOidc(settings);
  const schemes = issuer ? [createOidcScheme(oidc)] : [];
  access = createAccess({
    mode: 'required',
    loopback: true,
    tokens: store,
    signIns: new MemorySignIns(),
    schemes,
  });
  const { authenticator, signIns } = access;
  const flow = createCodeFlow({ ...settings, oidc });
  api = await openTestApi(
    {},
    {
      ...{ authenticator, publicUrls, watchMs: 60_000, isStoreAway: isAway },
      signIn: {
        signIns,
        issuer: issuer ? { name: 'the issuer', flow } : null,
        onEvent: (event) => events.push(event),
      },
    },
  );
}

/** What a browser sends with a POST of a page of this server. */
const page = () => ({ origin: api.url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' });

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { ...page(), ...headers },
    body: JSON.stringify(body),
  });
}

/** Cookies as a browser sends them back. */
function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function signIn(secret: string): Promise<string> {
  const response = await post('/auth/sign-in', { token: secret });
  expect(response.status).toBe(200);
  return cookiesOf(response);
}

const who = async (cookie = '') => (await fetch(`${api.url}/auth/who`, { headers: { cookie } })).json();
const errorOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions
    .code,
});

describe('signing in by a token', () => {
  it('gives a cookie that no script reads and no other site has sent, and that lets in', async () => {
    const { secret, id } = await store.add({ role: 'VIEWER', name: 'Ada' });
    const response = await post('/auth/sign-in', { token: ` ${secret}\n` });
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(
      /^mien_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43(?:200|199)$/,
    );
    expect(cookie).not.toContain(secret);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await who(cookiesOf(response))).toEqual({
      ...{ required: true, issuer: null },
      principal: { name: 'Ada', role: 'VIEWER', streams: null },
    });
    expect(await ask(api.url, QUERY, {}, { cookie: cookiesOf(response) })).toMatchObject({ status: 200 });
    expect(events).toEqual([
      {
        action: 'SIGN_IN',
        principal: expect.objectContaining({ id }),
        address: '127.0.0.1',
        code: null,
      },
    ]);
  });

  it('without a cookie nobody is known, and asking who this is refuses nobody', async () => {
    expect(await who()).toEqual({ required: true, issuer: null, principal: null });
    expect(await ask(api.url, QUERY)).toMatchObject({ status: 401 });
  });

  it('a wrong token is refused with a sentence, sets no cookie, and is told of', async () => {
    await store.add();
    const response = await post('/auth/sign-in', { token: 'mien_wrong' });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await errorOf(response)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(events).toMatchObject([{ action: 'SIGN_IN', principal: null, code: 'UNAUTHENTICATED' }]);
  });

  it('who tries too many is slowed, and whose sign-in is over is not slowed by it', async () => {
    await store.add();
    const codes = [];
    for (let i = 0; i < 12; i++) codes.push((await post('/auth/sign-in', { token: 'mien_wrong' })).status);
    expect(codes.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(codes.slice(10)).toEqual([429, 429]);
    const cookie = `mien_session=${'x'.repeat(43)}`;
    for (let i = 0; i < 15; i++)
      expect(await ask(api.url, QUERY, {}, { cookie })).toMatchObject({ status: 401 });
  });

  it('a sign-in ends with its token, and has its role at that time', async () => {
    const { secret } = await store.add({ expiresAt: new Date(Date.now() + 90_000) });
    const response = await post('/auth/sign-in', { token: secret });
    const seconds = Number(/Max-Age=(\d+)/.exec(response.headers.getSetCookie()[0] ?? '')?.[1]);
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThanOrEqual(90);
  });

  it('whose token is revoked is signed out, and the cookie is taken back', async () => {
    const { secret, id } = await store.add();
    const cookie = await signIn(secret);
    await access.tokens.revoke(id);
    expect(await ask(api.url, QUERY, {}, { cookie })).toMatchObject({ status: 401 });
    const response = await fetch(`${api.url}/auth/who`, { headers: { cookie } });
    expect(await response.json()).toMatchObject({ principal: null });
    expect(response.headers.getSetCookie()).toEqual([expect.stringContaining('Max-Age=0')]);
  });

  it('signing in again ends what this browser had before', async () => {
    const { secret } = await store.add();
    const before = await signIn(secret);
    await post('/auth/sign-in', { token: secret }, { cookie: before });
    expect(await who(before)).toMatchObject({ principal: null });
  });

  it('a token itself is no cookie', async () => {
    const { secret } = await store.add();
    expect(await ask(api.url, QUERY, {}, { cookie: `mien_session=${secret}` })).toMatchObject({
      status: 401,
    });
  });

  it('two cookies of that name are none: one may be somebody else’s', async () => {
    const { secret } = await store.add();
    const cookie = `${await signIn(secret)}; ${await signIn(secret)}`;
    expect(await ask(api.url, QUERY, {}, { cookie })).toMatchObject({ status: 401 });
  });
});

describe('signing out', () => {
  it('ends the sign-in and what is open by it at once, takes the cookie back, and others stay', async () => {
    const { secret } = await store.add();
    const [mine, other] = [await signIn(secret), await signIn(secret)];
    const client = createWsClient({
      ...{ url: api.wsUrl, retryAttempts: 0 },
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { headers: { cookie: mine, origin: api.url } });
        }
      },
    });
    const opened = new Promise((resolve) => client.on('connected', resolve));
    const closed = new Promise<{ code: number }>((resolve) =>
      client.on('closed', (event) => resolve(event as { code: number })),
    );
    const feed = client.iterate({ query: 'subscription { frameEmotions { seq } }' }).next();
    feed.catch(() => {});
    await opened;
    const response = await post('/auth/sign-out', {}, { cookie: mine });
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([
      'mien_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0',
    ]);
    expect(await closed).toMatchObject({ code: 4401 });
    expect(await who(mine)).toMatchObject({ principal: null });
    expect(await who(other)).toMatchObject({ principal: { role: 'VIEWER' } });
    expect(events.at(-1)).toMatchObject({ action: 'SIGN_OUT', code: null });
  });

  it('signing out without being signed in does nothing, and says so to nobody', async () => {
    expect((await post('/auth/sign-out', {})).status).toBe(200);
    expect(events).toEqual([]);
  });
});

it('where somebody signs in and out from is told as people write it, also where the server listens on IPv6', async () => {
  const { secret } = await store.add();
  const cookie = await signIn(secret);
  const { principal } = await access.authenticator.authenticate({ by: 'BEARER', value: secret }, 'here');
  const told: SignInEvent[] = [];
  const { signIns } = access;
  const remote = createProxiedAddress({ trustedProxies: [], publicUrls: [] });
  const shared = {
    signIns,
    publicUrls: [],
    auth: { remote },
    issuer: null,
    onEvent: (event: SignInEvent) => told.push(event),
  };
  const headers = { ...page(), host: new URL(api.url).host, cookie };
  const [inbound, outbound] = [fromIpv6Socket({ headers }), fromIpv6Socket({ headers })];
  await setSignInCookie(inbound, new ServerResponse(inbound), shared, async () => principal);
  // The stay that this browser had before is over by this, so that another one is ended.
  const { value } = await signIns.begin(principal);
  outbound.headers.cookie = `mien_session=${value}`;
  const auth = {
    remote,
    identify: nobody,
    identifyToken: nobody,
    isRequired: async () => true,
    look: async () => {},
  };
  const endpoint = createSignInEndpoint(shared, { auth, publicUrls: [] });
  outbound.method = 'POST';
  expect(await endpoint(outbound, new ServerResponse(outbound), '/auth/sign-out')).toBe(true);
  expect(told).toMatchObject([
    { action: 'SIGN_IN', address: '203.0.113.7', code: null },
    { action: 'SIGN_OUT', address: '203.0.113.7', code: null },
  ]);
});

const nobody = () => Promise.reject(new Error('nobody is asked'));

/** As it comes over IPv4 to a socket that takes both. */
function fromIpv6Socket({ headers }: { headers: Record<string, string> }): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: '::ffff:203.0.113.7' });
  return Object.assign(new IncomingMessage(socket), { headers });
}

describe('pages that are not the server’s own', () => {
  it.each([
    ['no origin', { origin: '' }],
    ['another port of this machine', { origin: 'http://localhost:3000' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
  ])('%s signs nobody in or out', async (_, headers) => {
    const { secret } = await store.add();
    const cookie = await signIn(secret);
    for (const path of ['/auth/sign-in', '/auth/sign-out', '/auth/callback']) {
      const given = Object.fromEntries(
        Object.entries({ ...page(), ...headers, cookie }).filter(([, value]) => value),
      );
      const body = JSON.stringify({ token: secret, query: '' });
      const response = await fetch(api.url + path, { method: 'POST', headers: given, body });
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await who(cookie)).toMatchObject({ principal: { role: 'VIEWER' } });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'what a form can send (%s) signs nobody in',
    async (type) => {
      const { secret } = await store.add();
      const response = await post('/auth/sign-in', { token: secret }, { 'content-type': type });
      expect(await errorOf(response)).toEqual({ status: 400, code: 'BAD_INPUT' });
    },
  );

  it.each(['{', '[]', '{"token":1}', '"x"', JSON.stringify({ token: 'x'.repeat(40_000) })])(
    'a body that is not what the page sends is refused (%#)',
    async (body) => {
      const response = await fetch(`${api.url}/auth/sign-in`, { method: 'POST', headers: page(), body });
      expect(await errorOf(response)).toEqual({ status: 400, code: 'BAD_INPUT' });
    },
  );

  it.each(['GET /auth/sign-in', 'GET /auth/sign-out', 'POST /auth/who', 'GET /auth/', 'GET /auth/nothing'])(
    '%s is not there',
    async (request) => {
      const [method = '', path] = request.split(' ');
      expect((await fetch(api.url + path, { method, headers: page() })).status).toBe(404);
    },
  );
});

describe('where people come by https', () => {
  const PUBLIC = 'https://mien.example.org';
  beforeEach(async () => {
    await api.close();
    await open([PUBLIC]);
  });

  it.each([
    'mien.example.org',
    // As some proxies pass it on, though browsers leave the port of https out.
    'mien.example.org:443',
  ])(
    'the cookie is for https and this host alone, and one that another host could have set counts nothing (Host: %s)',
    async (host) => {
      const { secret } = await store.add();
      const { request } = await import('node:http');
      const send = (path: string, method: string, extra: Record<string, string>, body = '') =>
        new Promise<{ status: number; cookies: string[] }>((resolve, reject) => {
          const sent = request(
            `${api.url}${path}`,
            { method, headers: { ...page(), host, origin: PUBLIC, ...extra } },
            (answer) => {
              answer
                .resume()
                .on('end', () =>
                  resolve({ status: answer.statusCode ?? 0, cookies: answer.headers['set-cookie'] ?? [] }),
                );
            },
          );
          sent.on('error', reject).end(body);
        });
      const { status, cookies } = await send('/auth/sign-in', 'POST', {}, JSON.stringify({ token: secret }));
      expect(status).toBe(200);
      expect(cookies[0]).toMatch(
        /^__Host-mien_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
      );
      const [pair = ''] = (cookies[0] ?? '').split(';');
      const query = JSON.stringify({ query: QUERY });
      expect((await send('/graphql', 'POST', { cookie: pair }, query)).status).toBe(200);
      expect((await send('/graphql', 'POST', { cookie: pair.replace('__Host-', '') }, query)).status).toBe(
        401,
      );
      const elsewhere = { cookie: pair, origin: 'https://evil.example.org' };
      expect((await send('/graphql', 'POST', elsewhere, query)).status).toBe(403);
      const inClear = { cookie: pair, origin: 'http://mien.example.org' };
      expect((await send('/auth/sign-out', 'POST', inClear, '{}')).status).toBe(403);
    },
  );
});

describe('at an issuer', () => {
  let provider: TestIssuer;
  beforeEach(async () => {
    await api.close();
    const groupsOf = (name: string) => [name === 'eve' ? 'strangers' : 'staff'];
    provider = await startIssuer({ keys: [await makeKey('first')], groupsOf });
    await open([], provider);
    await provider.change({ redirectUris: [`${api.url}/auth/callback`] });
  });
  afterEach(() => provider.close());

  it('the way there has PKCE, state and nonce, which the browser keeps in a cookie and nobody else sees', async () => {
    const response = await fetch(`${api.url}/auth/oidc`, { redirect: 'manual' });
    expect(response.status).toBe(303);
    const there = new URL(response.headers.get('location') ?? '');
    expect(there.origin).toBe(provider.issuer);
    expect(Object.fromEntries(there.searchParams)).toMatchObject({
      ...{
        client_id: CLIENT_ID,
        response_type: 'code',
        scope: 'openid profile',
        code_challenge_method: 'S256',
      },
      redirect_uri: `${api.url}/auth/callback`,
    });
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^mien_flow=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=600$/);
    const { state, nonce, verifier } = JSON.parse(
      Buffer.from(cookie.split(/[=;]/)[1] ?? '', 'base64url').toString(),
    ) as Record<string, string>;
    expect(there.searchParams.get('state')).toBe(state);
    expect(there.searchParams.get('nonce')).toBe(nonce);
    expect(there.href).not.toContain(verifier);
  });

  it.each(['cross-site', 'same-site'])('a link on a %s page begins nothing', async (site) => {
    const { begin } = await beginAt(site);
    expect(begin.headers.get('location')).toBe('../sign-in');
    expect(begin.headers.getSetCookie()).toEqual([]);
  });

  async function beginAt(site: string) {
    return {
      begin: await fetch(`${api.url}/auth/oidc`, { redirect: 'manual', headers: { 'sec-fetch-site': site } }),
    };
  }

  it('what the issuer says goes on behind #, to our page and nowhere else', async () => {
    for (const query of ['code=1&state=2', 'code=1&return=https://evil.example', '//evil.example', '']) {
      const response = await fetch(`${api.url}/auth/callback?${query}`, { redirect: 'manual' });
      expect(response.headers.get('location')).toBe(`../sign-in#/callback?${query}`);
    }
  });

  it.each([
    ['without a beginning', '', 'code=1&state=2'],
    ['with a state of somebody else', 'FLOW', 'code=1&state=2'],
    ['with an error of the issuer', 'FLOW', 'error=access_denied&state=STATE'],
    ['with a code that the issuer did not give', 'FLOW', 'code=1&state=STATE&iss=ISSUER'],
    ['with a cookie that is none of ours', 'mien_flow=e30', 'code=1&state=2'],
  ])('coming back %s signs nobody in', async (_, flow, query) => {
    const begin = await fetch(`${api.url}/auth/oidc`, { redirect: 'manual' });
    const state = new URL(begin.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const returned = query.replace('STATE', state).replace('ISSUER', encodeURIComponent(provider.issuer));
    const cookie = flow === 'FLOW' ? cookiesOf(begin) : flow;
    const response = await post('/auth/callback', { query: returned }, { cookie });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await errorOf(response)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(events).toMatchObject([{ action: 'SIGN_IN', principal: null, code: 'UNAUTHENTICATED' }]);
  });

  /** There and back again. */
  async function walk(name: string) {
    const begin = await fetch(`${api.url}/auth/oidc`, { redirect: 'manual' });
    const back = await walkSignIn(begin.headers.get('location') ?? '', name);
    expect(`${back.origin}${back.pathname}`).toBe(`${api.url}/auth/callback`);
    return { cookie: cookiesOf(begin), query: back.search.slice(1) };
  }

  it('who comes back with what the issuer said is signed in for twelve hours, whatever the end of its ID token', async () => {
    const { cookie, query } = await walk('ada');
    const response = await post('/auth/callback', { query }, { cookie });
    expect(response.status).toBe(200);
    const [session = '', flow = ''] = response.headers.getSetCookie();
    expect(session).toMatch(
      /^mien_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43(?:200|199)$/,
    );
    expect(flow).toMatch(/^mien_flow=; .*Max-Age=0$/);
    expect(await who(cookiesOf(response))).toMatchObject({ principal: { name: 'ada', role: 'OPERATOR' } });
    expect(events).toMatchObject([
      { action: 'SIGN_IN', principal: { kind: 'OIDC', id: `${provider.issuer}#ada` }, code: null },
    ]);
  });

  it.each([true, false])(
    'groups that are in the ID token (%s) or told by the issuer when asked give the role',
    async (groupsInIdToken) => {
      await provider.change({ groupsInIdToken });
      const { cookie, query } = await walk('ada');
      const response = await post('/auth/callback', { query }, { cookie });
      expect(await who(cookiesOf(response))).toMatchObject({ principal: { role: 'OPERATOR' } });
      expect(provider.asked.includes('/me')).toBe(!groupsInIdToken);
    },
  );

  it('what the issuer said signs in once, and only the browser that began', async () => {
    const [ada, eve] = [await walk('ada'), await walk('eve')];
    // Login CSRF: somebody else's answer, in the browser of who began something of their own.
    const crossed = await post('/auth/callback', { query: ada.query }, { cookie: eve.cookie });
    expect(await errorOf(crossed)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect((await post('/auth/callback', ada)).status).toBe(401);
    expect((await post('/auth/callback', { query: ada.query }, { cookie: ada.cookie })).status).toBe(200);
    expect((await post('/auth/callback', { query: ada.query }, { cookie: ada.cookie })).status).toBe(401);
  });

  it('who has no role is refused, and knows by which name', async () => {
    const { cookie, query } = await walk('eve');
    const response = await post('/auth/callback', { query }, { cookie });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('known as eve')]);
    expect(events).toMatchObject([{ action: 'SIGN_IN', code: 'FORBIDDEN' }]);
  });

  it('an ID token is no bearer token where the audience is another', async () => {
    const key = await makeKey('second');
    await provider.change({ keys: [key] });
    const idToken = await provider.sign(key, { aud: CLIENT_ID, sub: 'ada' });
    const asBearer = { authorization: `Bearer ${idToken}` };
    expect(await ask(api.url, QUERY, {}, asBearer)).toMatchObject({ status: 401 });
  });

  it('a bearer token of the issuer lets in, and signs in to the dashboard until its own end', async () => {
    const token = await provider.machineToken();
    expect(await ask(api.url, QUERY, {}, { authorization: `Bearer ${token}` })).toMatchObject({
      status: 200,
    });
    const response = await post('/auth/sign-in', { token });
    expect(await who(cookiesOf(response))).toMatchObject({ principal: { name: 'robot', role: 'OPERATOR' } });
    expect(Number(/Max-Age=(\d+)/.exec(response.headers.getSetCookie()[0] ?? '')?.[1])).toBeLessThanOrEqual(
      660,
    );
  });

  it('where the issuer is away when somebody comes back, they are told so with 503', async () => {
    const { cookie, query } = await walk('ada');
    await provider.close();
    const response = await post('/auth/callback', { query }, { cookie });
    expect(await errorOf(response)).toEqual({ status: 503, code: 'ISSUER_UNAVAILABLE' });
    expect(response.headers.get('retry-after')).toBe('30');
  });

  it('where the issuer is down, its tokens are answered with 503, and the way there leads back to the page', async () => {
    const token = await provider.machineToken();
    await provider.close();
    const { status, errors } = await ask(api.url, QUERY, {}, { authorization: `Bearer ${token}` });
    expect([status, errors?.[0]?.extensions?.code]).toEqual([503, 'ISSUER_UNAVAILABLE']);
    const { secret } = await store.add();
    expect(await ask(api.url, QUERY, {}, { authorization: `Bearer ${secret}` })).toMatchObject({
      status: 200,
    });
    const begin = await fetch(`${api.url}/auth/oidc`, { redirect: 'manual' });
    expect(begin.headers.get('location')).toBe('../sign-in?problem=issuer');
  });
});
