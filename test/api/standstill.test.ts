/** Clients that take nothing of what waits for them, and those that are merely slow. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { cutStandstills } from '../../src/api/admission/standstill.ts';
import { moment, openTestApi, STREAM, subscriptionsOf, until } from './harness.ts';

const LARGE = Buffer.alloc(24 * 1024 * 1024, 'x');
const MINUTE_MS = 60_000;
/** A cut is as late as this at most. */
const LOOK_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

/** A client that does not read yet, and its socket on a server that cuts standstills. */
async function open() {
  const server = createServer();
  cutStandstills(server as Server);
  server.listen(0, '127.0.0.1');
  const accepted = once(server, 'connection');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  const [socket] = (await accepted) as [Socket];
  socket.on('error', () => {});
  const close = async () => {
    client.destroy();
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client, socket, close };
}

test('a client that reads nothing for a minute is cut off, though it sends all the time', async () => {
  const { client, socket, close } = await open();
  const heard: Buffer[] = [];
  socket.on('data', (chunk) => heard.push(chunk)).write(LARGE);
  for (let passed = 0; passed < MINUTE_MS + LOOK_MS; passed += LOOK_MS) {
    expect(socket.destroyed).toBe(false);
    const before = heard.length;
    client.write('I am here');
    await until(() => heard.length > before, 'it is heard');
    vi.advanceTimersByTime(LOOK_MS);
  }
  expect(socket.destroyed).toBe(true);
  await close();
});

test('a client that reads a part of one large answer each minute gets all of it', async () => {
  const { client, socket, close } = await open();
  let read = 0;
  client.on('data', (chunk) => {
    read += chunk.length;
  });
  client.pause();
  let sent = false;
  socket.end(LARGE, () => {
    sent = true;
  });
  let minutes = 0;
  for (; !sent; minutes++) {
    const before = read;
    client.resume();
    await until(() => read > before + 4_000_000 || sent, 'more is read');
    client.pause();
    vi.advanceTimersByTime(MINUTE_MS);
    expect(socket.destroyed && !sent).toBe(false);
  }
  client.resume();
  await until(() => read === LARGE.length, 'all is read');
  expect(minutes).toBeGreaterThan(1);
  await close();
});

test('a connection on which nothing waits stays open for hours', async () => {
  const { client, socket, close } = await open();
  socket.write('all there is');
  await once(client, 'data');
  vi.advanceTimersByTime(100 * MINUTE_MS);
  expect(socket.destroyed).toBe(false);
  await close();
});

const LIVE = JSON.stringify({ query: 'subscription { frameEmotions { seq cursor } }' });

/** What each kind of client sends first, before it stops to read. */
const CLIENTS: Record<string, (port: number) => Promise<Socket>> = {
  'an answer': async (port) => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    return socket;
  },
  'server-sent events': async (port) => {
    const socket = connect(port, '127.0.0.1');
    const headers = ['Host: 127.0.0.1', 'Accept: text/event-stream', 'Content-Type: application/json'];
    socket.write(
      `POST /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\nContent-Length: ${LIVE.length}\r\n\r\n${LIVE}`,
    );
    return socket;
  },
  'a WebSocket': async (port) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
    client.on('error', () => {});
    await once(client, 'open');
    client.send('{"type":"connection_init"}');
    await once(client, 'message');
    client.send(`{"id":"1","type":"subscribe","payload":${LIVE}}`);
    return (client as unknown as { _socket: Socket })._socket;
  },
};

test.each(Object.keys(CLIENTS))('%s of which nothing is read is cut off', async (kind) => {
  const ready = vi.fn(() => Promise.reject(new Error(LARGE.toString())));
  const api = await openTestApi((bus) => ({ subscriptions: subscriptionsOf(bus, 64, 40_000) }), { ready });
  const socket = await CLIENTS[kind]!(Number(new URL(api.url).port));
  let read = 0;
  socket.on('data', (chunk) => {
    read += chunk.length;
  });
  socket.on('error', () => {});
  socket.pause();
  const dropped = async () => (await api.metrics.queueOverflow.get()).values[0]?.value ?? 0;
  await until(() => api.bus.subscribers > 0 || ready.mock.calls.length > 0, 'it has asked');
  for (let seq = 0; api.bus.subscribers > 0 && (await dropped()) === 0; seq++) {
    api.bus.moment(STREAM, moment(seq, 0), 0);
    if (seq % 32 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const closed = once(socket, 'close');
  vi.advanceTimersByTime(MINUTE_MS + LOOK_MS);
  await until(() => api.bus.subscribers === 0, 'nobody listens any more');
  socket.resume();
  await closed;
  expect(read).toBeLessThan(LARGE.length);
  await api.close();
});
