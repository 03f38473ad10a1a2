/**
 * Many subscribers in one process, as cheap as can be, so that the server is what is measured: plain sockets on
 * which messages are counted by what each holds once, and, when asked, dated by the `mediaTime` within.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from '../parts/side-process.ts';
import { DOCUMENT, operationId } from './publish.ts';

export interface ConnectQuestion {
  connect: number;
  port: number;
  transport: 'ws' | 'sse';
  /** Of somebody who may; none: everybody is let in. */
  token?: string;
}
/** Answered when so many messages have come since the last question of this kind. */
export interface AwaitQuestion {
  expect: number;
  /** Whether to note how old each message is. */
  date: boolean;
}

const TOKEN = { ws: Buffer.from('"type":"next"'), sse: Buffer.from('event: next') };
const TIME = Buffer.from('"mediaTime":');
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const BODY = JSON.stringify({ query: DOCUMENT });

let received = 0;
let expected = Number.POSITIVE_INFINITY;
let reached = () => {};
let dating = false;
let ages: number[] = [];
const heard = new Set<Socket>();

answer(async (question: Partial<ConnectQuestion & AwaitQuestion & { heard: true; reset: true }>) => {
  if (question.connect !== undefined) return connectAll(question as ConnectQuestion);
  if (question.heard) return { heard: heard.size };
  if (question.reset) {
    received = 0;
    return {};
  }
  return awaitAll(question as AwaitQuestion);
});

async function awaitAll({ expect, date }: AwaitQuestion) {
  dating = date;
  const lost = sleep(60_000, true, { ref: false });
  const all = new Promise<boolean>((resolve) => {
    reached = () => resolve(false);
  });
  expected = expect;
  if (received >= expected) reached();
  const timedOut = await Promise.race([all, lost]);
  const answered = { received, ages, timedOut };
  received = 0;
  ages = [];
  expected = Number.POSITIVE_INFINITY;
  return answered;
}

async function connectAll({ connect: count, port, transport, token }: ConnectQuestion) {
  for (let i = 0; i < count; i += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, count - i) }, (_, at) => open(port, transport, i + at, token)),
    );
  }
  return { connected: count };
}

async function open(
  port: number,
  transport: 'ws' | 'sse',
  subscriber: number,
  token: string | undefined,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', (error) => console.error(`a subscriber's socket: ${error.message}`));
  const shown = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  socket.write(head(transport === 'ws' ? UPGRADE : POST, shown));
  await new Promise((resolve) => socket.once('data', resolve));
  if (transport === 'ws') {
    socket.write(masked('{"type":"connection_init"}'));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(
      masked(
        JSON.stringify({ id: operationId(subscriber), type: 'subscribe', payload: { query: DOCUMENT } }),
      ),
    );
  }
  // Servers cut off who gives no sign of life; a pong may come unasked.
  if (transport === 'ws') setInterval(() => socket.write(PONG), 4_000);
  count(socket, TOKEN[transport]);
}

const UPGRADE = [
  ...['GET /graphql HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'],
  ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='],
  'Sec-WebSocket-Protocol: graphql-transport-ws',
];
const POST = [
  ...['POST /graphql HTTP/1.1', 'Host: 127.0.0.1', 'Accept: text/event-stream'],
  ...['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(BODY)}`],
];

/** A request, with some more headers. */
function head(lines: readonly string[], more: readonly string[]): string {
  const body = lines === POST ? BODY : '';
  return [...lines, ...more, '', body].join('\r\n');
}

/** A text frame masked with zeros, which leaves the text as it is. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8100 | 0x80 | 126, 0);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function count(socket: Socket, token: Buffer): void {
  let carry = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const data = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    let end = 0;
    for (let at = data.indexOf(token); at >= 0; at = data.indexOf(token, end)) {
      end = at + token.length;
      received += 1;
      if (dating) note(data, end);
    }
    carry = Buffer.from(data.subarray(Math.max(end, data.length - token.length + 1)));
    if (end > 0) heard.add(socket);
    if (received >= expected) reached();
  });
}

/** Milliseconds since publication; a time cut by the end of the chunk is left out. */
function note(data: Buffer, from: number): void {
  const at = data.indexOf(TIME, from);
  if (at < 0 || at + 40 > data.length) return;
  const time = Number.parseFloat(data.toString('latin1', at + TIME.length, at + 40));
  ages.push(performance.timeOrigin + performance.now() - time * 1000);
}
