import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, moment, openTestApi, STREAM, subscriptionsOf, type TestApi, until } from './harness.ts';

const LIVE =
  'subscription { frameEmotions { seq skippedBefore cursor faces { track expression landmarks { x y } } } }';

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
});
afterEach(() => api.close());

const subscribers = (count: number) => until(() => api.bus.subscribers === count, `${count} read the bus`);
const seqOf = (message: unknown) =>
  (message as { data: { frameEmotions: { seq: number } } }).data.frameEmotions.seq;

describe.each(['sse', 'ws'] as const)('over %s', (transport) => {
  const subscribe = (query: string) => {
    const client =
      transport === 'ws'
        ? createWsClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 })
        : createSseClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
    return Object.assign(client.iterate({ query }) as AsyncIterableIterator<unknown>, { client });
  };

  test(`moments arrive in order over ${transport}`, async () => {
    const feed = subscribe(LIVE);
    const first = feed.next();
    await subscribers(1);
    for (let seq = 0; seq < 20; seq++) api.bus.moment(STREAM, moment(seq), 0);
    expect(seqOf((await first).value)).toBe(0);
    for (let seq = 1; seq < 20; seq++) expect(seqOf((await feed.next()).value)).toBe(seq);
    await feed.return?.();
    await subscribers(0);
  });

  test(`a client that vanishes leaves no subscription behind over ${transport}`, async () => {
    const feed = subscribe(LIVE);
    feed.next().catch(() => {});
    await subscribers(1);
    await feed.client.dispose();
    await subscribers(0);
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toMatch(
      new RegExp(`mien_subscribers\\{transport="${transport === 'ws' ? 'websocket' : 'sse'}"\\} 0`),
    );
  });

  test(`identical subscriptions share one execution over ${transport}`, async () => {
    const same = [subscribe(LIVE), subscribe(LIVE), subscribe(`${LIVE} # the same`)];
    const other = subscribe('subscription { frameEmotions { seq } }');
    const firsts = [...same, other].map((feed) => feed.next());
    await subscribers(2);
    await until(async () => (await metric('mien_subscribers')) === 4, 'all four are in');
    api.bus.moment(STREAM, moment(7), 0);
    for (const first of firsts) expect(seqOf((await first).value)).toBe(7);
    for (const feed of same.slice(0, 2)) await feed.return?.();
    api.bus.moment(STREAM, moment(8), 0);
    expect(seqOf((await same[2]!.next()).value)).toBe(8);
    await same[2]!.return?.();
    await other.return?.();
    await subscribers(0);
  });

  test(`shutting down ends subscriptions with a code over ${transport}`, async () => {
    const own = await openTestApi();
    const client =
      transport === 'ws'
        ? createWsClient({ url: own.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 })
        : createSseClient({ url: `${own.url}/graphql`, retryAttempts: 0 });
    const next = (client.iterate({ query: LIVE }) as AsyncIterableIterator<unknown>).next();
    const told = next.then(
      ({ value }) => JSON.stringify(value),
      (error) => JSON.stringify(error),
    );
    await until(() => own.bus.subscribers === 1, 'it reads');
    await own.close();
    expect(await told).toContain('SHUTTING_DOWN');
  });

  test(`a stalled client delays nobody, holds no memory, and is told what it missed over ${transport}`, async () => {
    await api.close();
    // Long moments fill a socket soon, and cost nothing but their copying.
    api = await openTestApi((bus) => ({ subscriptions: subscriptionsOf(bus, 64, 40_000) }));
    const stalled = await stall(transport);
    const reader = subscribe(LIVE);
    const pending = reader.next();
    await until(async () => (await metric('mien_subscribers')) === 2, 'both are in');
    api.bus.moment(STREAM, moment(0), 0);
    expect(seqOf((await pending).value)).toBe(0);
    // Until the socket and then the queue of the stalled one are full, and some more.
    let last = 0;
    while ((await metric('mien_queue_overflow_total')) < 50) {
      for (const end = last + 50; last < end; ) {
        api.bus.moment(STREAM, moment(++last, 0), 0);
        expect(seqOf((await reader.next()).value)).toBe(last);
      }
    }
    stalled.socket.resume();
    await until(() => stalled.has(last), 'the stalled one has caught up');
    const seqs = stalled.seqs();
    const skips = stalled.skips();
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    expect(seqs.length + skips.reduce((sum, skip) => sum + skip, 0)).toBe(last + 1);
    stalled.socket.destroy();
    await reader.return?.();
  });
});

test('connections that are open and ask nothing, as browsers hold them ready, do not delay the end', async () => {
  const own = await openTestApi();
  const { port } = new URL(own.url);
  const silent = connect(Number(port), '127.0.0.1');
  await once(silent, 'connect');
  const dropped = once(silent, 'close');
  await ask(own.url, '{ __typename }');
  const began = performance.now();
  await own.close();
  await dropped;
  expect(performance.now() - began).toBeLessThan(1_500);
});

test('an answer that is under way when closing begins is waited for', async () => {
  let finish = () => {};
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const ready = () => {
    asked();
    return new Promise<void>((resolve) => (finish = resolve));
  };
  const own = await openTestApi({}, { ready });
  const answer = fetch(`${own.url}/ready`);
  await isAsked;
  const closed = own.close();
  setTimeout(finish, 150); // idle connections are closed twice meanwhile
  expect((await answer).status).toBe(200);
  await closed;
});

/** Sum over labels. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** A raw client that subscribes, and then reads nothing until it is resumed. */
async function stall(transport: 'sse' | 'ws') {
  const port = Number(new URL(api.url).port);
  const socket: Socket = connect(port, '127.0.0.1');
  let text = '';
  let end = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
    end = (end + chunk).slice(-100_000);
  });
  if (transport === 'sse') {
    const body = JSON.stringify({ query: LIVE });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  } else {
    socket.write(
      'GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    await until(() => text.includes('101 Switching'), 'it is upgraded');
    socket.write(frame({ type: 'connection_init' }));
    await until(() => text.includes('connection_ack'), 'it is acknowledged');
    socket.write(frame({ id: '1', type: 'subscribe', payload: { query: LIVE } }));
  }
  await subscribers(1);
  socket.pause();
  const all = (name: string) =>
    [...text.matchAll(new RegExp(`"${name}":(\\d+)`, 'g'))].map((match) => Number(match[1]));
  return {
    socket,
    has: (seq: number) => end.includes(`"seq":${seq}`),
    seqs: () => all('seq'),
    skips: () => all('skippedBefore'),
  };
}

/** A masked text frame of a client. */
function frame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]); // a mask of zeros changes nothing
}
