/** The bytes of deliveries, as clients of several kinds read them from the same execution. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { textHeader } from '../../src/api/transports/ws-frame-header.ts';
import { moment, openTestApi, STREAM, type TestApi, until } from './harness.ts';

const query = 'subscription { frameEmotions { seq faces { landmarks { x y } } } }';
const body = JSON.stringify({ query });
const REQUEST = ['POST /graphql', 'Host: 127.0.0.1', 'Accept: text/event-stream'];

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
});
afterEach(() => api.close());

const subscriptions = (count: number) =>
  until(async () => {
    const { values } = await api.metrics.subscribers.get();
    return values.reduce((sum, { value }) => sum + value, 0) === count;
  }, `${count} subscribe`);

/** A client over WebSocket with several operations, and the messages that came. */
async function overWebSocket(...ids: string[]) {
  const socket = new WebSocket(api.wsUrl, 'graphql-transport-ws');
  const messages: { id: string; payload: { data: { frameEmotions: { seq: number; faces: object[] } } } }[] =
    [];
  socket.on('message', (text) => {
    const message = JSON.parse(String(text));
    if (message.type === 'next') messages.push(message);
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  for (const id of ids) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
  return { socket, messages };
}

/** A client that writes its request by hand, and all that it read. */
function overTcp(request: string): { socket: Socket; read: () => string } {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.write(request);
  return { socket, read: () => text };
}

function post(version: string, ...headers: string[]): string {
  const [line, ...rest] = REQUEST;
  const all = [...rest, ...headers, 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return `${line} HTTP/${version}\r\n${all.join('\r\n')}\r\n\r\n${body}`;
}

test('WebSocket operations with alike, long or odd ids each get every moment under their own id', async () => {
  const ids = ['1', '2', '0198c000-0000-4000-8000-000000000001', 'quote " and umlaut ü'];
  const one = await overWebSocket(...ids);
  const other = await overWebSocket('1');
  await subscriptions(5);
  api.bus.moment(STREAM, moment(3), 0);
  await until(() => one.messages.length === 4 && other.messages.length === 1, 'all have heard');
  expect(one.messages.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const payloads = [...one.messages, ...other.messages].map(({ payload }) => payload);
  for (const payload of payloads) expect(payload).toEqual(payloads[0]);
  expect(payloads[0]?.data.frameEmotions).toMatchObject({ seq: 3, faces: [{}] });
  one.socket.terminate();
  other.socket.terminate();
});

test('small and very large moments are framed as WebSocket messages', async () => {
  const client = await overWebSocket('1');
  await subscriptions(1);
  const faces = [0, 1, 60];
  for (const [seq, count] of faces.entries()) api.bus.moment(STREAM, moment(seq, count), 0);
  await until(() => client.messages.length === faces.length, 'all have come');
  const seen = client.messages.map(({ payload }) => payload.data.frameEmotions.faces.length);
  expect(seen).toEqual(faces);
  expect(JSON.stringify(client.messages[0]).length).toBeLessThan(126);
  expect(JSON.stringify(client.messages[2]).length).toBeGreaterThan(0xffff);
  client.socket.terminate();
});

test.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [0xffff, [0x81, 126, 0xff, 0xff]],
  [0x10000, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('the header of a WebSocket text message of %i bytes', (length, bytes) =>
  expect([...textHeader(length)]).toEqual(bytes),
);

test('server-sent events are chunked for HTTP/1.1, and plain for HTTP/1.0', async () => {
  const clients = [overTcp(post('1.1')), overTcp(post('1.0'))];
  await subscriptions(2);
  await until(() => clients.every(({ read }) => read().includes(':\n\n')), 'both have begun');
  api.bus.moment(STREAM, moment(5), 0);
  await until(() => clients.every(({ read }) => read().includes('"seq":5')), 'both have heard');
  const [chunked, plain] = clients.map(({ read }) => read().split('\r\n\r\n', 2));
  expect(chunked?.[0]).toMatch(/transfer-encoding: chunked/i);
  expect(plain?.[0]).not.toMatch(/transfer-encoding/i);
  expect(dechunked(chunked![1]!)).toBe(plain![1]);
  for (const { socket } of clients) socket.destroy();
});

test('server-sent events wait for the response before them on a pipelined connection', async () => {
  const slow = 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const { socket, read } = overTcp(`${slow}${post('1.1')}`);
  await subscriptions(1);
  api.bus.moment(STREAM, moment(6), 0);
  await until(() => read().includes('"seq":6'), 'it has heard');
  const [metrics, events] = read().split(/(?=HTTP\/1\.1 200)/);
  expect(metrics).toContain('mien_subscribers');
  expect(dechunked(events!.slice(events!.indexOf('\r\n\r\n') + 4))).toMatch(
    /^:\n\nevent: next\n(?:id: .*\n)?data: .*"seq":6/,
  );
  socket.destroy();
});

test('a connection whose event stream has ended takes the next request', async () => {
  const { socket, read } = overTcp(post('1.1'));
  await subscriptions(1);
  const health = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  api.bus.close();
  await until(() => read().includes('event: complete'), 'it has ended');
  await until(() => read().endsWith('0\r\n\r\n'), 'the answer is whole');
  socket.write(health);
  await until(() => read().includes('"status":"ok"'), 'it is answered');
  socket.destroy();
});

/** The text of whole chunks. @throws where a length is not that of its chunk */
function dechunked(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const length = Number.parseInt(text.slice(at, end), 16);
    out += text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
    if (text.slice(at - 2, at) !== '\r\n') throw new Error(`a chunk does not end at ${at}`);
  }
  return out;
}
