/** What goes wrong with one operation is told to that one; the others on its socket go on. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { moment, openTestApi, STREAM, type TestApi, until } from './harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

interface Message {
  id?: string;
  type: string;
  payload?: { data?: object; errors?: object[] };
}

/** A client of the protocol that keeps all messages, and how its socket was closed. */
async function connect() {
  const socket = new WebSocket(api.wsUrl, 'graphql-transport-ws');
  const messages: Message[] = [];
  const closed: { code: number; reason: string }[] = [];
  socket.on('message', (text) => messages.push(JSON.parse(String(text))));
  socket.on('close', (code, reason) => closed.push({ code, reason: String(reason) }));
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  const subscribe = (id: string, query: string, variables: Record<string, unknown> = {}) =>
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
  const told = (id: string) => messages.filter((message) => message.id === id);
  return { socket, closed, subscribe, told };
}

const LIVE = 'subscription { frameEmotions { seq } }';

test('an argument that cannot be is told to its operation alone, and the socket stays open', async () => {
  const client = await connect();
  client.subscribe('live', LIVE);
  await until(() => api.bus.subscribers === 1, 'it listens');
  const query = 'subscription ($every: Float) { frameEmotions(every: $every) { seq } }';
  client.subscribe('bad', query, { every: -1 });
  await until(() => client.told('bad').length > 0 || client.closed.length > 0, 'the mistake was told');
  expect(JSON.stringify(client.told('bad'))).toContain('every');
  api.bus.moment(STREAM, moment(1), 0);
  await until(() => client.told('live').length > 0 || client.closed.length > 0, 'the other goes on');
  expect(client.closed).toEqual([]);
  client.socket.terminate();
});

test('a socket is closed with 4409 when an operation’s id is used again, however long and wide the id is', async () => {
  for (const id of ['x'.repeat(200), 'ü'.repeat(100), '😀'.repeat(50)]) {
    const client = await connect();
    client.subscribe(id, LIVE);
    client.subscribe(id, LIVE);
    await until(() => client.closed.length > 0, 'it is closed');
    expect(client.closed[0]?.code).toBe(4409);
    expect(client.closed[0]?.reason).toMatch(/^Subscriber for .\S*$/);
  }
});
