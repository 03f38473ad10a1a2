/** A WebSocket whose client is slow, stands still, or reads in its own time. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Delivery } from '../../src/api/fanout/delivery.ts';
import { Subscriber } from '../../src/api/fanout/subscriber.ts';
import { WsConnection } from '../../src/api/transports/ws-backpressure.ts';
import { writeDeliveries } from '../../src/api/transports/ws-writer.ts';
import { until } from './harness.ts';

let server: WebSocketServer;
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
});
afterEach(() => vi.useRealTimers());
afterAll(() => server.close());

async function connect() {
  const accepted = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket, { socket: tcp }] = (await accepted) as [WebSocket, { socket: Socket }];
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  const connection = new WsConnection(socket, tcp);
  const closed: number[] = [];
  client.on('error', () => {});
  client.on('close', (code) => closed.push(code));
  const leave = () => {
    connection.close();
    client.terminate();
    socket.terminate();
  };
  return { client, socket, connection, closed, leave };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const LARGE = 'x'.repeat(24 * 1024 * 1024);

test('a client that reads slowly gets a large answer whole, and is heard when most of it is read', async () => {
  const { client, socket, connection, closed, leave } = await connect();
  const heard: string[] = [];
  socket.on('message', (data) => heard.push(String(data)));
  const tcp = (client as unknown as { _socket: Socket })._socket;
  const answers: number[] = [];
  client.on('message', (data: Buffer) => answers.push(data.length));
  let upTo = 0;
  tcp.on('data', () => {
    if (tcp.bytesRead > upTo) tcp.pause();
  });
  tcp.pause();
  void connection.send(LARGE);
  client.send('asks on');
  // In far longer than the silence, a part each time that is far shorter.
  while (answers.length === 0 && closed.length === 0) {
    upTo += 2_000_000;
    tcp.resume();
    await until(() => tcp.bytesRead > upTo || answers.length > 0 || closed.length > 0, 'more is read');
    await pause(100);
    if (upTo === 6_000_000) expect(heard).toEqual([]);
  }
  expect({ answers, closed }).toEqual({ answers: [LARGE.length], closed: [] });
  await until(() => heard.length === 1, 'it is heard');
  leave();
});

test('a client that asks and asks, and reads no answer, is not heard any more', async () => {
  const { client, socket, connection, leave } = await connect();
  let heard = 0;
  socket.on('message', () => {
    heard += 1;
    void connection.send('x'.repeat(100_000));
  });
  client.pause();
  for (let asked = 0; asked < 1000; asked++) client.send('x'.repeat(10_000));
  await until(() => socket.isPaused, 'it is not heard');
  const before = heard;
  await pause(50);
  expect([heard, socket.bufferedAmount < 5 * 1024 * 1024]).toEqual([before, true]);
  leave();
});

test('a clock that is set forward cuts nobody off', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  const { client, socket, closed, leave } = await connect();
  const pinged = once(client, 'ping');
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(15_000);
  await pinged;
  expect(socket.readyState).toBe(WebSocket.OPEN);
  expect(closed).toEqual([]);
  leave();
});

test('operations that wait for the same socket write in turn, however little room there is', async () => {
  const { client, connection, leave } = await connect();
  const COUNT = 150;
  const received: string[] = [];
  client.on('message', (text) => received.push(JSON.parse(String(text)).id));
  client.pause();
  const ids = ['a', 'b', 'c'];
  const subscribers = ids.map(() => new Subscriber({}));
  for (const [index, id] of ids.entries()) writeDeliveries(subscribers[index]!, id, connection, {});
  const padding = 'x'.repeat(20_000);
  for (let seq = 0; seq < COUNT; seq++)
    for (const subscriber of subscribers) subscriber.offer(delivery(padding));
  client.resume();
  await until(() => received.length === COUNT * ids.length, 'all have come');
  for (let end = ids.length; end <= received.length; end++) {
    const counts = ids.map((id) => received.slice(0, end).filter((other) => other === id).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  }
  leave();
});

function delivery(padding: string): Delivery {
  const place = { root: 'frameEmotions', keys: [] };
  const result = { data: { frameEmotions: { padding } } };
  return new Delivery({ result, place, skipped: 0, lost: 0, lostByNow: 0, cursor: null });
}
