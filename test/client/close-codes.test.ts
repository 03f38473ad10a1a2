/** How a WebSocket ended is told in words of what happened, and what will not be better another time is no broken connection. */

import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ConnectionLost, createMien, MienError } from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { openTestApi } from '../api/harness.ts';
import { openProxy } from '../helpers/proxy.ts';

afterEach(() => vi.useRealTimers());

const transport = () => webSocket({ webSocketImpl: WebSocket });

/** Does this with every connection. @returns what a subscription to it is thrown */
async function thrownBy(serve: (socket: WebSocket) => void): Promise<Error> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on('connection', serve);
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return thrown(createMien({ url, transport: transport() }).subscribe('subscription { x }'));
}

async function thrown(loop: AsyncGenerator<unknown>): Promise<Error> {
  return loop.next().then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

test('a server that closes because something went wrong says so, as it does over HTTP', async () => {
  for (const reason of ['Internal server error', '']) {
    const error = await thrownBy((socket) => socket.close(4500, reason));
    expect(error).toBeInstanceOf(MienError);
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect(error.message).toBe(
      'Something went wrong on the server; whoever operates it finds why in its log.',
    );
  }
});

test('what it says itself of why it closes is told', async () => {
  const error = await thrownBy((socket) => socket.close(4500, 'The disk is full.'));
  expect(error).toMatchObject({ code: 'INTERNAL', message: 'The disk is full.' });
});

test('a server that takes the connection and never lets in is told from one that is silent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isAsked = false;
  const thrownLater = thrownBy((socket) =>
    socket.on('message', (text) => {
      isAsked = true;
      if (JSON.parse(String(text)).type === 'ping') socket.send('{"type":"pong"}');
    }),
  );
  while (!isAsked) await setImmediate();
  for (let seconds = 0; seconds < 30; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    // A ping and its answer are under way.
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
  const error = await thrownLater;
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toBe('the server took the connection, but did not answer in 30 seconds');
});

test('a server of which nothing is heard any more is one that does not answer, and nobody who closes waits for it', async () => {
  const api = await openTestApi();
  const proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(api.url).port) });
  onTestFinished(async () => {
    await proxy.close();
    await api.close();
  });
  const mien = createMien({ url: `http://127.0.0.1:${proxy.port}`, transport: transport() });
  const begin = async () => {
    const isOpen = vi.fn();
    const stop = new AbortController();
    const loop = mien.subscribe(
      'subscription { frameEmotions { seq } }',
      {},
      { signal: stop.signal, onOpen: isOpen },
    );
    const ended = thrown(loop);
    while (isOpen.mock.calls.length === 0) await setImmediate();
    return { ended, stop };
  };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = await begin();
  proxy.swallow();
  await vi.advanceTimersByTimeAsync(24_001);
  const error = await first.ended;
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toBe('the server has not answered for 12 seconds');

  const second = await begin();
  proxy.swallow();
  second.stop.abort();
  await second.ended;
  // Nobody answers its closing.
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  (await begin()).stop.abort();
});

test('a server that is not there does not answer', async () => {
  const error = await thrown(
    createMien({ url: 'http://127.0.0.1:1', transport: transport() }).subscribe('subscription { x }'),
  );
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toBe('the server does not answer');
});
