/** WebSockets that bring video, before anybody knows whether they may: nothing that comes over them ends the server. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createPushSockets } from '../../src/api/push/push-sockets.ts';
import type { ReceiveVideo } from '../../src/api/push/receive-video.ts';
import { MienError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';

async function opened(receive: ReceiveVideo): Promise<WebSocket> {
  const sockets = createPushSockets(receive, createLog({ logLevel: 'silent', logFormat: 'json' }));
  const server = createServer().on('upgrade', (request, socket, head) =>
    sockets.upgrade(request, socket, head, request.url ?? ''),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await sockets.close('over');
    server.close();
  });
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ingest/secret`);
  await once(socket, 'open');
  return socket;
}

/** Resolves once the body has ended. */
const drained = async (body: Readable) => {
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  return bytes;
};

test('text among video is refused, and the video behind it is left alone', async () => {
  let bytes = -1;
  const socket = await opened(async (_request, _path, body) => {
    bytes = await drained(body);
  });
  socket.send(Buffer.alloc(1000));
  socket.send('text');
  for (let more = 0; more < 5; more++) socket.send(Buffer.alloc(1000));
  const [code, reason] = await once(socket, 'close');
  expect([code, String(reason)]).toEqual([4400, 'Video comes as binary messages; this was text.']);
  expect(bytes).toBe(1000);
});

test('what comes before its sender is known stays with the sender', async () => {
  let isKnown = () => {};
  let bytes = -1;
  const known = new Promise<void>((resolve) => {
    isKnown = resolve;
  });
  const socket = await opened(async (_request, _path, body) => {
    await known;
    bytes = await drained(body);
  });
  const size = 15 * 2 ** 20;
  const sent = new Promise<void>((resolve) => {
    socket.send(Buffer.alloc(size), () => resolve());
  });
  // Long enough for what nothing holds back: it comes through the machine's own memory.
  await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 300))]);
  expect(socket.bufferedAmount).toBeGreaterThan(0);
  isKnown();
  await sent;
  socket.close(1000);
  const [code] = await once(socket, 'close');
  expect([code, bytes]).toEqual([1000, size]);
});

test('who sends on while being refused is answered, and does no harm', async () => {
  const socket = await opened(async (_request, _path, body) => {
    body.destroy();
    throw new MienError('NOT_FOUND', 'There is no such address.');
  });
  for (let more = 0; more < 5; more++) socket.send(Buffer.alloc(1000));
  socket.send('text');
  const [code] = await once(socket, 'close');
  expect(code).toBe(4404);
});
