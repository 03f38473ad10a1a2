/** `ws` alone: every moment becomes the bytes that mien would send, once, and is sent to every socket. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ExecutionResult, execute, parse } from 'graphql';
import { WebSocketServer } from 'ws';
import { schema } from '../../src/api/schema/index.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { DOCUMENT, operationId, serve } from './publish.ts';

const document = parse(DOCUMENT);
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    if (String(data).includes('connection_init')) socket.send('{"type":"connection_ack"}');
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serve((server.address() as AddressInfo).port, async (moment) => {
  const event = { moment, cursor: momentCursor(moment.sessionId, moment.seq), skippedBefore: 0 };
  const result = (await execute({ schema, document, rootValue: event, contextValue: {} })) as ExecutionResult;
  const bytes = Buffer.from(`{"type":"next","payload":${JSON.stringify(result)},"id":"${operationId(0)}"}`);
  for (const socket of sockets.clients) socket.send(bytes, { binary: false });
});
