/** Event streams instead of a WebSocket: where no WebSocket gets through, and nowhere else. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ConnectionLost, createMien, eventStream, withFallback } from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { STREAM, until } from '../api/harness.ts';
import { openRestartable } from '../api/restartable.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';

const DOCUMENT = `subscription ($streamId: ID, $after: String) {
  frameEmotions(streamId: $streamId, after: $after) { cursor sessionId seq }
}`;
type Emotions = { frameEmotions: { cursor: string; sessionId: string; seq: number } };

afterEach(() => vi.useRealTimers());

async function open(webSockets: TcpProxy['webSockets']) {
  const server = await openRestartable();
  const proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  proxy.webSockets = webSockets;
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort();
    await proxy.close();
  });
  const told: (string | null)[] = [];
  const opened: string[] = [];
  const noting = (name: string, transport: ReturnType<typeof eventStream>): typeof transport => ({
    subscribe: (to, request, { signal, onOpen }) =>
      transport.subscribe(to, request, {
        signal,
        onOpen() {
          opened.push(name);
          onOpen?.();
        },
      }),
  });
  const transport = withFallback(
    noting('WebSocket', webSocket({ webSocketImpl: WebSocket })),
    noting('event stream', eventStream()),
    { onFallback: (reason) => told.push(reason) },
  );
  const mien = createMien({ url: `http://127.0.0.1:${proxy.port}`, transport });
  const pauses: (() => void)[] = [];
  const follow = () =>
    mien.follow<Emotions>(
      DOCUMENT,
      { streamId: STREAM },
      { signal: stop.signal, pause: () => new Promise((resolve) => pauses.push(resolve)) },
    );
  const goOn = () => {
    for (const resolve of pauses.splice(0)) resolve();
  };
  const areOpen = (count: number) => until(() => server.subscribers() === count, `${count} have begun`);
  return { server, proxy, told, opened, follow, pauses, goOn, areOpen };
}

const seqOf = async (step: Promise<IteratorResult<Emotions['frameEmotions'], void>>) => {
  const { value } = await step;
  return value?.seq;
};

test('what no WebSocket brings comes by event streams, told once, and later ones ask for none', async () => {
  const { server, proxy, told, opened, follow, areOpen } = await open('refused');
  const loops = [follow(), follow()];
  const first = loops.map((loop) => loop.next());
  await areOpen(1);
  await until(() => opened.length === 2, 'both have begun');
  await server.publish(2);
  for (const step of first) expect(await seqOf(step)).toBe(0);
  expect(opened).toEqual(['event stream', 'event stream']);
  expect(told).toEqual([expect.any(String)]);
  // Which would pass now.
  proxy.webSockets = 'passed';
  const third = follow().next();
  await until(() => opened.length === 3, 'a third one has begun');
  await server.publish(1);
  await third;
  expect(opened[2]).toBe('event stream');
});

test('where the event stream breaks, the WebSocket is tried again, and that it opens is told', async () => {
  const { server, proxy, told, opened, follow, pauses, goOn, areOpen } = await open('refused');
  const loop = follow();
  const first = loop.next();
  await areOpen(1);
  await server.publish(1);
  expect(await seqOf(first)).toBe(0);
  const second = loop.next();
  proxy.cut();
  await until(() => pauses.length === 1, 'it is lost');
  await server.publish(1);
  proxy.webSockets = 'passed';
  proxy.mend();
  goOn();
  expect(await seqOf(second)).toBe(1);
  expect(opened).toEqual(['event stream', 'WebSocket']);
  expect(told).toEqual([expect.any(String), null]);
});

test('a WebSocket that has opened once is waited for when it breaks', async () => {
  const { server, proxy, told, opened, follow, pauses, goOn, areOpen } = await open('passed');
  const loop = follow();
  const first = loop.next();
  await areOpen(1);
  await server.publish(1);
  expect(await seqOf(first)).toBe(0);
  const second = loop.next();
  proxy.cut();
  await until(() => pauses.length === 1, 'it is lost');
  proxy.webSockets = 'refused';
  proxy.mend();
  goOn();
  await until(() => pauses.length === 1, 'it is lost again');
  proxy.webSockets = 'passed';
  await server.publish(1);
  goOn();
  expect(await seqOf(second)).toBe(1);
  expect([opened, told]).toEqual([['WebSocket', 'WebSocket'], []]);
});

test('a server that is away is no reason: once it is there, the WebSocket opens', async () => {
  const { server, proxy, told, opened, follow, pauses, goOn, areOpen } = await open('passed');
  proxy.cut();
  const first = follow().next();
  await until(() => pauses.length === 1, 'nothing opens');
  proxy.mend();
  goOn();
  await areOpen(1);
  await server.publish(1);
  expect(await seqOf(first)).toBe(0);
  expect([opened, told]).toEqual([['WebSocket'], []]);
});

test('a WebSocket that is never answered is given up after eight seconds', async () => {
  const { server, told, opened, follow, areOpen } = await open('unanswered');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = follow().next();
  await vi.advanceTimersByTimeAsync(7_900);
  expect(server.subscribers()).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  vi.useRealTimers();
  await areOpen(1);
  await server.publish(1);
  expect(await seqOf(first)).toBe(0);
  expect([opened, told]).toEqual([['event stream'], ['the server does not answer']]);
});

test('what the server refuses over a WebSocket is refused', async () => {
  const http = createServer((_request, response) => {
    asked += 1;
    response.writeHead(500).end();
  });
  let asked = 0;
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => socket.close(4401, 'Unauthenticated'));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void sockets.close(() => http.close()));
  const transport = withFallback(webSocket({ webSocketImpl: WebSocket }), eventStream());
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const moments = createMien({ url, transport }).frameEmotions();
  await expect(moments.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(asked).toBe(0);
});

/** Two ways of which the test says what becomes of each subscription, in the order in which they are tried. */
function scripted() {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  const told: (string | null)[] = [];
  const tried: string[] = [];
  const stop = new AbortController();
  /** Of those that are neither open nor refused. */
  const waiting = { first: [] as Fate[], second: [] as Fate[] };
  interface Fate {
    open(): void;
    lose(): void;
  }
  const way = (name: 'first' | 'second'): ReturnType<typeof eventStream> => ({
    async *subscribe(_server, _request, { onOpen }) {
      tried.push(name);
      await new Promise((_resolve, reject) => {
        const lose = () => reject(new ConnectionLost(`the ${name} broke`));
        waiting[name].push({ open: () => onOpen?.(), lose });
      });
      yield {};
    },
  });
  const transport = withFallback(way('first'), way('second'), { onFallback: (reason) => told.push(reason) });
  const mien = createMien({ url: 'http://127.0.0.1:1', transport });
  /** One subscription that is lost for good with its connection. */
  const begin = () => {
    const ended = mien
      .subscribe('subscription { x }', {}, { signal: stop.signal })
      .next()
      .catch(({ message }: Error) => message);
    return { ended };
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { told, tried, waiting, begin, settle };
}

test('a WebSocket that opens while another subscription has given it up is taken by those that come then', async () => {
  const { told, tried, waiting, begin, settle } = scripted();
  for (let count = 0; count < 2; count++) begin();
  await settle();
  waiting.first[1]!.lose();
  await settle();
  waiting.second[0]!.open();
  waiting.first[0]!.open();
  begin();
  await settle();
  expect(tried).toEqual(['first', 'first', 'second', 'first']);
  expect(told).toEqual(['the first broke', null]);
});

test('an event stream that opens when a WebSocket has is no reason to take others', async () => {
  const { told, tried, waiting, begin, settle } = scripted();
  for (let count = 0; count < 2; count++) begin();
  await settle();
  waiting.first[1]!.lose();
  await settle();
  waiting.first[0]!.open();
  waiting.second[0]!.open();
  begin();
  await settle();
  expect(tried).toEqual(['first', 'first', 'second', 'first']);
  expect(told).toEqual([]);
});

test('what once opened and does not for a minute is given up for the other way: something else may lie between now', async () => {
  const { told, tried, waiting, begin, settle } = scripted();
  const { ended } = begin();
  await settle();
  waiting.first[0]!.open();
  // However long it stood.
  await vi.advanceTimersByTimeAsync(600_000);
  waiting.first[0]!.lose();
  expect(await ended).toBe('the first broke');
  const tries = async () => {
    begin();
    await settle();
    waiting.first.at(-1)!.lose();
    await settle();
  };
  await tries();
  await vi.advanceTimersByTimeAsync(50_000);
  await tries();
  expect(tried).toEqual(['first', 'first', 'first']);
  await vi.advanceTimersByTimeAsync(20_000);
  await tries();
  waiting.second[0]!.open();
  expect(tried).toEqual(['first', 'first', 'first', 'first', 'second']);
  expect(told).toEqual(['the first broke']);
});
