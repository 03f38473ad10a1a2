/** Who is let in, over every transport. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient as createSseClient } from 'graphql-sse';
import { CloseCode, createClient as createWsClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Access, createAccess } from '../../src/access/access.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { type MemoryTokens, memoryTokens } from '../helpers/tokens.ts';
import { ask, moment, openTestApi, STREAM, subscriptionsOf, type TestApi, until } from './harness.ts';

let store: MemoryTokens;
let access: Access;
let api: TestApi;
const WATCH_MS = 20;

async function open(mode: 'required' | 'auto' | 'none' = 'required'): Promise<void> {
  store = memoryTokens();
  access = createAccess({ mode, loopback: true, tokens: store, signIns: new MemorySignIns() });
  api = await openTestApi({}, { authenticator: access.authenticator, watchMs: WATCH_MS });
}

beforeEach(() => open());
afterEach(() => api.close());

const QUERY = '{ __typename }';
const LIVE = 'subscription { frameEmotions { seq } }';
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const metric = async (code: string) => {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return Number(new RegExp(`mien_refused_total\\{code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
};

/** A raw WebSocket; what it is told, and how it closes. */
async function socket(options: { headers?: Record<string, string>; init?: unknown; first?: unknown[] } = {}) {
  const ws = new WebSocket(api.wsUrl, 'graphql-transport-ws', { headers: options.headers ?? {} });
  const told: { type: string; id?: string; payload?: unknown }[] = [];
  ws.on('message', (data) => told.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await once(ws, 'open');
  const send = (message: unknown) => ws.send(JSON.stringify(message));
  for (const message of options.first ?? []) send(message);
  if (options.init !== null) send({ type: 'connection_init', payload: options.init });
  return { ws, told, closed, send };
}

const acked = (told: { type: string }[]) =>
  until(() => told.some(({ type }) => type === 'connection_ack'), 'it is let in');

describe('over HTTP', () => {
  test('without a token nothing is answered, and the answer says what to do', async () => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="mien"');
    const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
    expect(errors[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
    expect(errors[0]?.message).toContain('mien token create');
    expect(await metric('UNAUTHENTICATED')).toBe(1);
  });

  test('each request of a connection is judged by its own token', async () => {
    const { secret } = await store.add();
    const good = () => ask(api.url, QUERY, {}, bearer(secret));
    const bad = () => ask(api.url, QUERY, {}, bearer(makeToken().secret));
    for (let count = 0; count < 3; count++) {
      expect((await good()).data).toEqual({ __typename: 'Query' });
      expect((await bad()).status).toBe(401);
      expect((await ask(api.url, QUERY)).status).toBe(401);
    }
  });

  test.each([
    [
      'a GET',
      (headers: object) =>
        fetch(`${api.url}/graphql?query=${encodeURIComponent(QUERY)}`, {
          headers: { 'x-requested-with': 'x', ...headers },
        }),
    ],
    [
      'a subscription over SSE',
      (headers: object) =>
        fetch(`${api.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
          body: JSON.stringify({ query: LIVE }),
        }),
    ],
    [
      'an upload',
      (headers: object) =>
        fetch(`${api.url}/uploads`, {
          method: 'POST',
          headers: { 'content-type': 'video/mp4', ...headers },
          body: 'frames',
        }),
    ],
    [
      'an upload by tus',
      (headers: object) =>
        fetch(`${api.url}/uploads`, {
          method: 'POST',
          headers: { 'tus-resumable': '1.0.0', 'upload-length': '10', ...headers },
        }),
    ],
  ])('%s needs a token', async (_what, send) => {
    const { secret } = await store.add({ role: 'OPERATOR' });
    const codeOf = async (response: Response) => {
      const code = response.ok
        ? null
        : ((await response.json()) as { errors: [{ extensions: { code: string } }] }).errors[0].extensions
            .code;
      if (!response.bodyUsed) await response.body?.cancel();
      return [response.status, code];
    };
    expect(await codeOf(await send({}))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await codeOf(await send(bearer(makeToken().secret)))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await codeOf(await send(bearer(secret))))[1]).toBeNull();
  });

  test('a viewer uploads nothing', async () => {
    const { secret } = await store.add();
    const response = await fetch(`${api.url}/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'video/mp4', ...bearer(secret) },
      body: 'frames',
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('FORBIDDEN');
  });

  test('a large upload that is not let in is told so, and nothing of it is kept', async () => {
    const response = await fetch(`${api.url}/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'video/mp4' },
      body: new Uint8Array(90_000),
    });
    expect(response.status).toBe(401);
    expect(await (await import('node:fs/promises')).readdir(api.uploadsDir)).toEqual([]);
  });

  test.each(['?access_token=x', '?query=%7B__typename%7D&token=x', `?x=${makeToken().secret}`])(
    'a token in the address is refused: %s',
    async (search) => {
      const { secret } = await store.add();
      for (const path of ['/graphql', '/uploads', '/metrics', '/']) {
        const response = await fetch(`${api.url}${path}${search}`, { headers: bearer(secret) });
        expect(response.status).toBe(400);
        expect(await response.text()).toContain('never in the address');
      }
    },
  );

  test.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'bearer  !',
    `Bearer ${'x'.repeat(9_000)}`,
    'Bearer mien_\u00e9\u00e9',
  ])('a header that is no token is refused: %.20s', async (authorization) => {
    expect(await ask(api.url, QUERY, {}, { authorization })).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('a header of another kind is passed over', async () => {
    expect((await ask(api.url, QUERY, {}, { authorization: 'Basic dXNlcjpwYXNz' })).status).toBe(401);
  });

  test('who tries too many tokens is told when to try again, and the right one is let in meanwhile', async () => {
    const { secret } = await store.add();
    const guess = () =>
      fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(makeToken().secret) },
        body: '{}',
      });
    let last = await guess();
    for (let count = 0; count < 10; count++) last = await guess();
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(api.url, QUERY, {}, bearer(secret))).status).toBe(200);
  });

  test('pages, health and this machine’s own probes are open', async () => {
    for (const path of ['/', '/web/client.js', '/health', '/ready', '/metrics'])
      expect((await fetch(`${api.url}${path}`)).status).toBe(200);
    const page = await fetch(`${api.url}/graphql`, {
      headers: { accept: 'text/html', 'accept-encoding': 'identity' },
    });
    expect(page.status).toBe(200);
    expect((await fetch(`${api.url}/graphql`, { method: 'OPTIONS' })).status).toBe(204);
  });

  test('probes that a proxy passes on show who they are, and metrics are for who sees all streams', async () => {
    const status = async (path: string, headers: object) =>
      (await fetch(`${api.url}${path}`, { headers: { 'x-forwarded-for': '192.0.2.1', ...headers } })).status;
    const { secret } = await store.add();
    const limited = await store.add({ streams: { room: '1' } });
    expect([await status('/ready', {}), await status('/metrics', {})]).toEqual([401, 401]);
    expect([await status('/ready', bearer(secret)), await status('/metrics', bearer(secret))]).toEqual([
      200, 200,
    ]);
    expect([
      await status('/ready', bearer(limited.secret)),
      await status('/metrics', bearer(limited.secret)),
    ]).toEqual([200, 403]);
    expect(await status('/health', {})).toBe(200);
  });

  test('where it cannot be told who asks, because the database is away, nobody is let in', async () => {
    await api.close();
    store = memoryTokens();
    const { secret } = await store.add();
    store.failure = new Error('away');
    access = createAccess({ mode: 'required', loopback: true, tokens: store, signIns: new MemorySignIns() });
    api = await openTestApi(
      {},
      { authenticator: access.authenticator, isStoreAway: (error) => error === store.failure },
    );
    expect(await ask(api.url, QUERY, {}, bearer(secret))).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'STORE_UNAVAILABLE' } }],
    });
    const { closed } = await socket({ init: { token: secret } });
    expect((await closed).code).toBe(1013);
  });
});

describe('over WebSocket', () => {
  test.each([
    [
      'authorization in connection_init',
      (secret: string) => ({ init: { authorization: `Bearer ${secret}` } }),
    ],
    ['token in connection_init', (secret: string) => ({ init: { token: secret } })],
    ['the header of the upgrade', (secret: string) => ({ headers: bearer(secret) })],
    [
      'connection_init before the header',
      (secret: string) => ({ headers: bearer(makeToken().secret), init: { token: secret } }),
    ],
  ])('a client is let in by %s', async (_how, options) => {
    const { secret } = await store.add();
    const { ws, told, send } = await socket(options(secret));
    await acked(told);
    send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
    await until(() => told.length === 3, 'it is answered');
    expect(told[1]).toEqual({ id: '1', type: 'next', payload: { data: { __typename: 'Query' } } });
    ws.close();
  });

  test.each([
    ['nothing', {}],
    ['a wrong token', { init: { token: makeToken().secret } }],
    ['no string', { init: { token: 7 } }],
    ['an object', { init: { authorization: { toString: 1 } } }],
    ['a wrong header', { headers: bearer(makeToken().secret) }],
    ['a megabyte', { init: { token: 'x'.repeat(60_000) } }],
  ])('a client that shows %s is closed with 4401', async (_what, options) => {
    const { closed, told } = await socket(options);
    expect(await closed).toEqual({ code: 4401, reason: 'Unauthenticated' });
    expect(told).toEqual([]);
  });

  test('what is sent before it is let in is not done, not even with a right token on its way', async () => {
    const { secret } = await store.add();
    const subscribe = { id: '1', type: 'subscribe', payload: { query: LIVE } };
    const before = await socket({ first: [subscribe], init: null });
    expect((await before.closed).code).toBe(CloseCode.Unauthorized);
    const together = await socket({
      first: [{ type: 'connection_init', payload: { token: secret } }, subscribe],
      init: null,
    });
    await Promise.race([together.closed, until(() => together.told.length > 0, 'it is answered')]);
    expect(together.told.filter(({ type }) => type === 'next')).toEqual([]);
    together.ws.terminate();
  });

  test('a client of graphql-ws does not try a wrong token again', async () => {
    let opened = 0;
    const client = createWsClient({
      ...{ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 5 },
      connectionParams: { token: makeToken().secret },
      on: { opened: () => opened++ },
    });
    await expect(client.iterate({ query: LIVE }).next()).rejects.toMatchObject({ code: 4401 });
    expect(opened).toBe(1);
  });

  test('who tries too many tokens is closed with 4429', async () => {
    await store.add();
    const codes = new Set<number>();
    for (let count = 0; count < 11; count++)
      codes.add((await (await socket({ init: { token: makeToken().secret } })).closed).code);
    expect([...codes]).toEqual([4401, 4429]);
  });
});

describe('the cookie', () => {
  const cookie = async () => {
    const { secret } = await store.add();
    const identity = await access.authenticator.authenticate({ by: 'BEARER', value: secret }, 'here');
    const { value } = await access.signIns.begin(identity.principal);
    return { cookie: `other=1; mien_session=${value}` };
  };

  test('lets pages of this server, and programs, in', async () => {
    const headers = await cookie();
    const { host, origin } = new URL(api.url);
    expect((await ask(api.url, QUERY, {}, headers)).status).toBe(200);
    expect((await ask(api.url, QUERY, {}, { ...headers, origin, host })).status).toBe(200);
    const { ws, told } = await socket({ headers: { ...headers, origin } });
    await acked(told);
    ws.close();
  });

  test('counts nothing for a page of another port of this machine, to which browsers give it too', async () => {
    const headers = { ...(await cookie()), origin: 'http://localhost:3000' };
    expect((await ask(api.url, QUERY, {}, headers)).status).toBe(401);
    expect((await (await socket({ headers })).closed).code).toBe(4401);
  });
});

describe.each(['sse', 'ws'] as const)('what is open over %s', (transport) => {
  const subscribe = (secret: string | null) => {
    const authorization = secret === null ? {} : bearer(secret);
    const client =
      transport === 'ws'
        ? createWsClient({
            url: api.wsUrl,
            webSocketImpl: WebSocket,
            retryAttempts: 0,
            connectionParams: authorization,
          })
        : createSseClient({
            url: `${api.url}/graphql`,
            retryAttempts: 0,
            headers: authorization as Record<string, string>,
          });
    const feed = client.iterate({ query: LIVE }) as AsyncIterableIterator<unknown>;
    const text = (value: unknown) => JSON.stringify(value);
    return { feed, next: () => feed.next().then(({ value }) => text(value), text) };
  };
  const opened = (count: number) => until(() => api.bus.subscribers === count, `${count} read the bus`);

  test('ends with UNAUTHENTICATED when its token is revoked, and others go on', async () => {
    const [one, two] = [await store.add(), await store.add({ role: 'ADMIN' })];
    const [ends, stays] = [subscribe(one.secret), subscribe(two.secret)];
    const firsts = [ends.next(), stays.next()];
    await opened(2);
    api.bus.moment(STREAM, moment(1), 0);
    for (const first of firsts) expect(await first).toContain('"seq":1');
    const [end, next] = [ends.next(), stays.next()];
    await access.tokens.revoke(one.id);
    expect(await end).toContain('UNAUTHENTICATED');
    await opened(1);
    api.bus.moment(STREAM, moment(2), 0);
    expect(await next).toContain('"seq":2');
    await stays.feed.return?.();
    await opened(0);
  });

  test('ends with UNAUTHENTICATED when its token expires', async () => {
    const expiresAt = new Date(Date.now() + 600_000);
    const { secret } = await store.add({ expiresAt });
    const { next } = subscribe(secret);
    const told = next();
    await opened(1);
    vi.useFakeTimers({ toFake: ['Date'], now: expiresAt });
    try {
      expect(await told).toContain('UNAUTHENTICATED');
    } finally {
      vi.useRealTimers();
    }
    await opened(0);
  });

  test('on a server that asked nobody ends when the first token is made', async () => {
    await api.close();
    await open('auto');
    const { next } = subscribe(null);
    const told = next();
    await opened(1);
    await access.tokens.create({
      ...makeToken(),
      name: 'x',
      role: 'ADMIN',
      streams: null,
      createdBy: 'x',
      expiresAt: null,
    });
    expect(await told).toContain('UNAUTHENTICATED');
    await opened(0);
  });
});

test('over WebSocket every subscription is told why it ends before the socket closes, and nothing is answered after it', async () => {
  const { secret, id } = await store.add();
  const { told, send, closed } = await socket({ init: { token: secret } });
  await acked(told);
  for (const id of ['1', '2']) send({ id, type: 'subscribe', payload: { query: LIVE } });
  await until(() => api.bus.subscribers === 1, 'both share an execution');
  await until(
    async () =>
      /mien_subscribers\{transport="websocket"\} 2/.test(await (await fetch(`${api.url}/metrics`)).text()),
    'both are in',
  );
  await access.tokens.revoke(id);
  expect(await closed).toEqual({ code: 4401, reason: 'Unauthenticated' });
  const errors = told.filter(({ type }) => type === 'error');
  expect(errors.map(({ id }) => id).sort()).toEqual(['1', '2']);
  for (const { payload } of errors)
    expect(payload).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});

test('all that is open is asked about, and nothing while nothing is', async () => {
  await api.close();
  store = memoryTokens();
  access = createAccess({
    mode: 'required',
    loopback: true,
    tokens: store,
    signIns: new MemorySignIns(),
    times: { freshMs: -1 },
  });
  api = await openTestApi({}, { authenticator: access.authenticator, watchMs: WATCH_MS });
  const { secret } = await store.add();
  const { ws, told } = await socket({ init: { token: secret } });
  await acked(told);
  const { asked } = store;
  await until(() => store.asked > asked + 2, 'it is asked again and again');
  ws.close();
  const isQuiet = async () => {
    const before = store.asked;
    await new Promise((resolve) => setTimeout(resolve, 10 * WATCH_MS));
    return store.asked === before;
  };
  await until(isQuiet, 'nothing is asked any more');
});

test('an event stream that nobody reads is cut off when its token is revoked, and what waited for it is not sent', async () => {
  await api.close();
  store = memoryTokens();
  access = createAccess({ mode: 'required', loopback: true, tokens: store, signIns: new MemorySignIns() });
  api = await openTestApi((bus) => ({ subscriptions: subscriptionsOf(bus, 64, 100_000) }), {
    ...{ authenticator: access.authenticator, watchMs: WATCH_MS },
  });
  const { secret, id } = await store.add();
  const { hostname, port } = new URL(api.url);
  const tcp = connect(Number(port), hostname);
  const body = JSON.stringify({ query: 'subscription { frameEmotions { seq cursor } }' });
  tcp.write(
    `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${secret}\r\naccept: text/event-stream\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await until(() => api.bus.subscribers === 1, 'it reads');
  const overflown = async () =>
    Number(/^mien_queue_overflow_total (\d+)/m.exec(await (await fetch(`${api.url}/metrics`)).text())?.[1]);
  let last = 0;
  await until(async () => {
    for (let count = 0; count < 100; count++) api.bus.moment(STREAM, moment(++last, 0), 0);
    return (await overflown()) > 10;
  }, 'socket and queue are full');
  // It is given a second to take its last words.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await access.tokens.revoke(id);
    await vi.waitFor(() => expect(api.bus.subscribers).toBe(0));
    vi.advanceTimersByTime(1_000);
  } finally {
    vi.useRealTimers();
  }
  let text = '';
  tcp.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  tcp.on('error', () => {});
  await once(tcp, 'close');
  expect(text).not.toContain('UNAUTHENTICATED');
  // The queue held the newest; the socket what came long before.
  const seqs = [...text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
  expect(seqs.length).toBeGreaterThan(0);
  expect(Math.max(...seqs)).toBeLessThan(last - 100);
});

test('headers of 20 KB are refused before anything is made of them', async () => {
  const { hostname, port } = new URL(api.url);
  const tcp = connect(Number(port), hostname);
  tcp.write(
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`,
  );
  const [answer] = (await once(tcp, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 431 /);
  tcp.destroy();
  expect(store.asked).toBe(0);
});
