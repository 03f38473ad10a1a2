/** How much one server takes on: what is beyond is refused with a code, counted, and let in again when there is room. */
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { clientKey } from '../../src/api/admission/client-key.ts';
import { limitStreams } from '../../src/api/admission/limit-streams.ts';
import { createRequestRate } from '../../src/api/admission/request-rate.ts';
import { MienError } from '../../src/errors.ts';
import { ask, openTestApi, STREAM, type TestApi, until } from './harness.ts';

const LIVE = 'subscription { frameEmotions { seq } }';

let api: TestApi | null = null;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api?.close();
  api = null;
});

const opened = async (options: Parameters<typeof openTestApi>[1]): Promise<TestApi> => {
  api = await openTestApi({}, options);
  return api;
};

interface Raw {
  socket: Socket;
  text: () => string;
  closed: () => boolean;
}

/** A connection as bytes. */
function dial({ url }: TestApi, first = '', localAddress = '127.0.0.1'): Raw {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress });
  let text = '';
  let closed = false;
  socket
    .on('error', () => {})
    .on('close', () => {
      closed = true;
    });
  socket.on('data', (chunk) => {
    text += chunk;
  });
  if (first !== '') socket.write(first);
  sockets.push(socket);
  return { socket, text: () => text, closed: () => closed };
}

const HEALTH = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
const healthy = ({ text }: Raw) => until(() => text().includes('"ok"'), 'it is answered');
const refusedAs = async ({ text, closed }: Raw, code: string) => {
  await until(closed, 'it is closed');
  expect(text()).toContain(`"code":"${code}"`);
};

async function counted({ metrics }: TestApi, code: string): Promise<number> {
  const { values } = await metrics.refused.get();
  return values.find(({ labels }) => labels.code === code)?.value ?? 0;
}

describe('connections', () => {
  test('of one address are bounded, whether anything was sent on them or not', async () => {
    const server = await opened({ limits: { connectionsPerAddress: 2 } });
    const first = dial(server, HEALTH);
    await healthy(first);
    const idle = dial(server);
    await until(() => idle.socket.readyState === 'open', 'it is open');
    await refusedAs(dial(server, HEALTH), 'TOO_MANY_CONNECTIONS_FROM_ADDRESS');
    expect(await counted(server, 'TOO_MANY_CONNECTIONS_FROM_ADDRESS')).toBe(1);
    await healthy(dial(server, HEALTH, '127.0.0.2'));
    first.socket.destroy();
    idle.socket.destroy();
    await until(first.closed, 'it is gone');
    await until(
      async () => (await fetch(`${server.url}/health`).catch(() => null))?.ok === true,
      'there is room',
    );
  });

  test('of all addresses are bounded', async () => {
    const server = await opened({ limits: { connections: 2 } });
    await healthy(dial(server, HEALTH));
    await healthy(dial(server, HEALTH, '127.0.0.2'));
    await refusedAs(dial(server, HEALTH, '127.0.0.3'), 'TOO_MANY_CONNECTIONS');
    expect(await counted(server, 'TOO_MANY_CONNECTIONS')).toBe(1);
  });

  test('WebSockets are among them', async () => {
    const server = await opened({ limits: { connectionsPerAddress: 1 } });
    const first = new WebSocket(server.wsUrl, 'graphql-transport-ws');
    await new Promise((resolve) => first.once('open', resolve));
    const status = await new Promise((resolve) =>
      new WebSocket(server.wsUrl, 'graphql-transport-ws')
        .on('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
        .on('error', () => resolve('cut')),
    );
    expect([503, 'cut']).toContain(status);
    expect(await counted(server, 'TOO_MANY_CONNECTIONS_FROM_ADDRESS')).toBe(1);
    first.terminate();
  });

  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::'],
    ['fe80::1%eth0', 'fe80::'],
    [undefined, 'unknown'],
  ])('%s counts as %s', (remote, counted) => {
    expect(clientKey(remote)).toBe(counted);
  });
});

describe('requests a second', () => {
  test('of one address are bounded, with ten seconds’ worth at once', () => {
    let now = 0;
    const rate = createRequestRate(2, () => now);
    const admitted = (address: string, tries: number) =>
      Array.from({ length: tries }, () => rate(address)).filter((refusal) => refusal === null).length;
    expect(admitted('10.0.0.1', 50)).toBe(20);
    expect(admitted('10.0.0.2', 50)).toBe(20);
    now = 1_000;
    expect(admitted('10.0.0.1', 50)).toBe(2);
    now = 100_000;
    expect(admitted('10.0.0.1', 50)).toBe(20);
    expect(rate('10.0.0.1')).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
  });

  test('of an address that asks too often are refused, however many other addresses ask meanwhile', () => {
    let now = 0;
    const rate = createRequestRate(1, () => now);
    for (let count = 0; count < 10; count += 1) expect(rate('192.0.2.1')).toBeNull();
    const others = Array.from({ length: 30_000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    const secondsFor = (some: string[]) => {
      const before = process.cpuUsage();
      const refused = some.filter((address) => rate(address) !== null);
      const { user, system } = process.cpuUsage(before);
      return { refused, seconds: (user + system) / 1e6 };
    };
    const first = secondsFor(others.slice(0, 10_000));
    // Those that are remembered are not gone through for each that comes.
    const rest = secondsFor(others.slice(10_000));
    expect([first.refused, rest.refused]).toEqual([[], []]);
    expect(rest.seconds).toBeLessThan(0.5 + 10 * first.seconds);
    expect(rate('192.0.2.1')).not.toBeNull();
    now = 1_000;
    expect([rate('192.0.2.1'), rate('192.0.2.1') === null]).toEqual([null, false]);
  });

  test('an address that asked too often waits as long, whatever is let go of meanwhile', () => {
    let now = 0;
    const rate = createRequestRate(1, () => now);
    const admitted = () =>
      Array.from({ length: 20 }, () => rate('192.0.2.1')).filter((one) => one === null).length;
    now = 9_999;
    expect(admitted()).toBe(10);
    for (now = 10_000; now < 19_000; now += 1_000)
      expect([now, rate('192.0.2.1')?.code]).toEqual([now, now === 10_000 ? 'TOO_MANY_REQUESTS' : undefined]);
    now = 60_000;
    expect(admitted()).toBe(10);
  });

  test('addresses that have nothing to wait for are let go of, also those of a flood after which few ask', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const megabytes = () => {
      collect();
      return process.memoryUsage().heapUsed / 1e6;
    };
    let now = 0;
    const rate = createRequestRate(1, () => now);
    const before = megabytes();
    for (let at = 0; at < 120_000; at += 1) rate(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    expect(megabytes() - before).toBeGreaterThan(4);
    now = 60_000;
    expect(rate('192.0.2.1')).toBeNull();
    expect(megabytes() - before).toBeLessThan(2);
    expect(rate('192.0.2.1')).toBeNull();
  });

  test('count over HTTP and WebSocket together; /health is answered all the same', async () => {
    // The clock of the rate stands still: however long requests take on a crowded machine, none has been earned anew.
    vi.useFakeTimers({ toFake: ['performance'] });
    const server = await opened({ limits: { requestRate: 1 } });
    vi.useRealTimers();
    const client = createClient({
      url: server.wsUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
    });
    const query = () =>
      client
        .iterate({ query: '{ __typename }' })
        .next()
        .catch((errors: unknown) => errors);
    expect(await query()).toMatchObject({ value: { data: { __typename: 'Query' } } });
    for (let count = 0; count < 8; count += 1)
      expect((await ask(server.url, '{ __typename }')).status).toBe(200);
    const refused = await ask(server.url, '{ __typename }');
    expect(refused).toMatchObject({ status: 429, errors: [{ extensions: { code: 'TOO_MANY_REQUESTS' } }] });
    expect(await query()).toMatchObject([{ extensions: { code: 'TOO_MANY_REQUESTS' } }]);
    expect((await fetch(`${server.url}/`)).status).toBe(429);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(await counted(server, 'TOO_MANY_REQUESTS')).toBe(3);
    await client.dispose();
  });
});

test('subscriptions are bounded over all transports together, and there is room again when one ends', async () => {
  const server = await opened({ limits: { subscribers: 2 } });
  const stop = new AbortController();
  const sse = (signal?: AbortSignal) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: LIVE }),
      signal: signal ?? null,
    });
  await sse(stop.signal);
  const client = createClient({ url: server.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  const second = client.iterate({ query: LIVE });
  second.next().catch(() => {}); // it ends with its server
  await until(() => server.bus.subscribers === 1, 'they share a queue');
  await until(async () => (await server.metrics.subscribers.get()).values.length === 2, 'both are in');
  expect(await (await sse()).text()).toContain('"code":"TOO_MANY_SUBSCRIPTIONS"');
  const third = await client
    .iterate({ query: LIVE })
    .next()
    .catch((errors: unknown) => errors);
  expect(JSON.stringify(third)).toContain('MIEN_MAX_SUBSCRIBERS');
  expect(await counted(server, 'TOO_MANY_SUBSCRIPTIONS')).toBe(2);
  stop.abort();
  await until(async () => {
    const { body } = await sse();
    const { value } = await body!.getReader().read();
    await body!.cancel().catch(() => {});
    return !String(value && new TextDecoder().decode(value)).includes('TOO_MANY');
  }, 'there is room');
  await client.dispose();
});

test('streams that are registered are bounded, those that are being registered among them', async () => {
  const rows: string[] = [];
  const told: string[] = [];
  const manager = limitStreams(
    {
      async register({ name }: { name: string }, { admit }: { admit(): Promise<void> }) {
        if (name === 'known') return { name };
        await admit();
        await new Promise((resolve) => setImmediate(resolve));
        rows.push(name);
        return { name };
      },
    } as never,
    { most: 2, count: async () => rows.length, onRefused: (code) => told.push(code) },
  );
  const register = (name: string) =>
    manager.register({ name } as never).then(
      () => name,
      ({ code }) => code,
    );
  const all = await Promise.all(['a', 'b', 'c', 'd'].map(register));
  expect(rows.length).toBeLessThanOrEqual(2);
  expect(all).toContain('TOO_MANY_STREAMS');
  rows.length = 1;
  expect(await register('e')).toBe('e');
  expect(await register('f')).toBe('TOO_MANY_STREAMS');
  expect(await register('known')).toBe('known');
  expect(told.length).toBe(all.filter((one) => one === 'TOO_MANY_STREAMS').length + 1);
});

test('a stream that is refused because it asks for too much is counted, registered or started', async () => {
  const told: string[] = [];
  const refuse = async () => {
    throw new MienError('OVER_CAPACITY', 'too much');
  };
  const manager = limitStreams({ register: refuse, start: refuse } as never, {
    most: 2,
    count: async () => 0,
    onRefused: (code) => told.push(code),
  });
  await expect(manager.register({} as never)).rejects.toThrow('too much');
  await expect(manager.start('a')).rejects.toThrow('too much');
  expect(told).toEqual(['OVER_CAPACITY', 'OVER_CAPACITY']);
});

test('what else is asked of streams is passed on as it is, and what else goes wrong with them is not counted', async () => {
  const told: string[] = [];
  const asked: unknown[] = [];
  const pass =
    (what: string) =>
    async (...given: unknown[]) =>
      void asked.push([what, ...given]);
  const manager = limitStreams(
    {
      ...{ change: pass('change'), stop: pass('stop'), remove: pass('remove') },
      register: () => Promise.reject(new MienError('CONFLICT', 'It is there.')),
      start: () => Promise.reject(new Error('a bug')),
    } as never,
    { most: 2, count: async () => 0, onRefused: (code) => told.push(code) },
  );
  await manager.change('a', { name: 'x' }, { shown: {} });
  await manager.stop('b');
  await manager.remove('c');
  expect(asked).toEqual([
    ['change', 'a', { name: 'x' }, { shown: {} }],
    ['stop', 'b'],
    ['remove', 'c'],
  ]);
  await expect(manager.register({} as never)).rejects.toThrow('It is there.');
  await expect(manager.start('a')).rejects.toThrow('a bug');
  expect(told).toEqual([]);
});

describe('what comes too slowly', () => {
  const PACE = { limits: { minUploadRate: 10_000 }, patienceMs: 300 };
  const body = (path: string, length: number, type: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;

  test('two hundred trickling bodies are gone, and leave nothing', async () => {
    const server = await opened(PACE);
    const slow = Array.from({ length: 100 }, () => [
      dial(server, body('/graphql', 1000, 'application/json')),
      dial(server, body('/uploads', 1000, 'video/mp4')),
    ]).flat();
    const trickle = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x');
    }, 50);
    await until(() => slow.every(({ closed }) => closed()), 'all are gone');
    clearInterval(trickle);
    for (const { text } of slow.slice(0, 2)) expect(text()).toMatch(/^HTTP\/1.1 408 .*"code":"TOO_SLOW"/s);
    expect(await counted(server, 'TOO_SLOW')).toBe(200);
    await until(async () => (await readdir(server.uploadsDir)).length === 0, 'the parts are deleted');
  });

  test('a client that sends too slowly, and reads late, reads why it is cut off', async () => {
    const server = await opened(PACE);
    const slow = dial(server, body('/graphql', 1000, 'application/json'));
    slow.socket.pause();
    const trickle = setInterval(() => slow.socket.write('x'), 20);
    await until(async () => (await counted(server, 'TOO_SLOW')) === 1, 'it is cut off');
    await new Promise((resolve) => setTimeout(resolve, 200));
    slow.socket.resume();
    await until(() => slow.closed(), 'it is gone');
    clearInterval(trickle);
    expect(slow.text()).toMatch(/^HTTP\/1.1 408 .*"code":"TOO_SLOW"/s);
  });

  test('what came too slowly is not done, also where its rest comes right after it was refused', async () => {
    let started = 0;
    const start = async () => {
      started += 1;
      throw new MienError('CONFLICT', 'It runs already.');
    };
    const prisma = { stream: { findUnique: async () => null } } as never;
    api = await openTestApi({ prisma, streamManager: { start } as never }, PACE);
    const server = api;
    const query = JSON.stringify({
      query: `mutation { startStream(input: { id: "${STREAM}" }) { session { id } } }`,
    });
    const slow = dial(server, `${body('/graphql', query.length, 'application/json')}${query.slice(0, 20)}`);
    await until(async () => (await counted(server, 'TOO_SLOW')) === 1, 'it is cut off');
    // What comes behind the rest is answered: the rest was read.
    slow.socket.write(query.slice(20) + HEALTH);
    await healthy(slow);
    expect(slow.text()).toMatch(/"code":"TOO_SLOW"/);
    expect(started).toBe(0);
    const whole = dial(server, `${body('/graphql', query.length, 'application/json')}${query}`);
    await until(() => whole.text().includes('CONFLICT'), 'the same is done where it comes in time');
    expect(started).toBe(1);
  });

  test('a body that keeps the rate is never cut, however long it takes', async () => {
    const server = await opened({ limits: { minUploadRate: 2_000 }, patienceMs: 100 });
    const chunks = 30;
    const upload = dial(server, body('/uploads', chunks * 1000, 'video/mp4'));
    for (let count = 0; count < chunks; count += 1) {
      upload.socket.write('x'.repeat(1000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => upload.text().includes('201 Created'), 'it is stored');
  });

  test('headers, and connections on which nothing comes, are gone too', async () => {
    const server = await opened({ ...PACE, patienceMs: 200 });
    const idle = [
      dial(server),
      dial(server, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-A: '),
      dial(server, 'G'),
    ];
    await until(() => idle.every(({ closed }) => closed()), 'all are gone', 20_000);
  });

  test('an open subscription is not taken for a slow body', async () => {
    const server = await opened({ ...PACE, patienceMs: 50 });
    const query = JSON.stringify({ query: LIVE });
    const live = dial(
      server,
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${query.length}\r\n\r\n${query}`,
    );
    await until(() => server.bus.subscribers === 1, 'it reads');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(live.closed()).toBe(false);
  });
});
