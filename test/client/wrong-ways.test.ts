/** What will not be better another time is said at once, and what does not answer is not waited for without end. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  ConnectionLost,
  createMien,
  eventStream,
  type Mien,
  MienError,
  type MienOptions,
} from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';

const TRANSPORTS = {
  'server-sent events': eventStream,
  'a WebSocket': () => webSocket({ webSocketImpl: WebSocket }),
};

afterEach(() => vi.useRealTimers());

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answering(listener: RequestListener): Promise<string> {
  const server = createHttpServer(listener);
  onTestFinished(() => void server.close());
  return listening(server);
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

/** Of the loop, and how often it was tried again. */
async function failureOfLoop(options: MienOptions): Promise<{ error: unknown; retries: number }> {
  return failureOfLoopOf(createMien(options));
}

async function failureOfLoopOf(mien: Mien): Promise<{ error: unknown; retries: number }> {
  let retries = 0;
  const pause = async () => {
    retries += 1;
    if (retries === 3) throw new Error('tried again and again');
  };
  const moments = mien.frameEmotions({}, { pause });
  return { error: await failure(moments.next()), retries };
}

describe('an answer that is none of GraphQL', () => {
  test.each([
    [404, '{"status":"there is nothing here"}', MienError, /answered 404: there is nothing here.*`url`/],
    [404, '<html>', MienError, /answered 404.*`url`/],
    [200, 'null', MienError, /answered 200.*`url`/],
    [200, '<html>', MienError, /answered 200.*`url`/],
    [503, '{"status":"starting"}', ConnectionLost, /answered 503: starting/],
    [502, '<html>', ConnectionLost, /answered 502/],
    [429, '', ConnectionLost, /answered 429/],
  ])('%i %s is an error that tells its status', async (status, body, kind, message) => {
    const url = await answering((_request, response) => response.writeHead(status).end(body));
    const error = await failure(createMien({ url }).request('{ models { id } }'));
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    const loop = await failureOfLoop({ url });
    expect(loop.retries).toBe(kind === MienError ? 0 : 3);
  });

  test('is what stands before the server, which may pass, once that has answered at this address', async () => {
    let isAway = false;
    const url = await answering((_request, response) => {
      if (isAway) response.writeHead(404).end('<html>');
      else response.end('{"data":{"models":[]}}');
    });
    const mien = createMien({ url });
    await mien.request('{ models { id } }');
    isAway = true;
    const error = await failure(mien.request('{ models { id } }'));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toBe('what stands before the server answered 404');
    expect((await failureOfLoopOf(mien)).retries).toBe(3);
  });

  test('is that, too, where the page came from there', async () => {
    const url = await answering((_request, response) => response.writeHead(404).end('<html>'));
    vi.stubGlobal('document', { baseURI: url });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(await failure(createMien().request('{ models { id } }'))).toBeInstanceOf(ConnectionLost);
  });

  test('where an upload is sent says so, too', async () => {
    const url = await answering((_request, response) => response.writeHead(404).end('{"status":"nothing"}'));
    const error = await failure(createMien({ url }).upload(Buffer.from('a')));
    expect(error).toBeInstanceOf(MienError);
    expect((error as Error).message).toMatch(/answered 404: nothing/);
  });
});

describe('an upload that the server is silent about is given up, and says how to go on', () => {
  test.each(['POST', 'PATCH'])('from its %s on', async (silentFrom) => {
    const asked: (string | undefined)[] = [];
    const url = await answering((request, response) => {
      asked.push(request.method);
      request.resume();
      if (request.method !== silentFrom)
        response.writeHead(201, { location: `/uploads/${'a'.repeat(32)}` }).end();
    });
    const error = await failure(createMien({ url }).upload(Buffer.from('a'), { stalledAfter: 0.3 }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toMatch(/sent or answered for 0\.3 s; upload the same file again/);
    expect(asked.at(-1)).toBe(silentFrom);
  });
});

describe('what cannot be asked is a TypeError at once', () => {
  test.each(['nonsense', 'localhost:4000', 'ftp://a.example', 'http://me:secret@127.0.0.1:9'])(
    'at the address %s',
    async (url) => {
      expect(await failure(createMien({ url }).request('{ models { id } }'))).toBeInstanceOf(TypeError);
      expect(await failure(createMien({ url }).upload(Buffer.from('a')))).toBeInstanceOf(TypeError);
      for (const transport of Object.values(TRANSPORTS)) {
        const { error, retries } = await failureOfLoop({ url, transport: transport() });
        expect({ error, retries }).toEqual({ error: expect.any(TypeError), retries: 0 });
      }
    },
  );

  test('with a token that no header can have', async () => {
    const url = await answering((_request, response) => response.writeHead(500).end());
    const mien = createMien({ url, token: 'one\ntwo' });
    expect(await failure(mien.request('{ models { id } }'))).toBeInstanceOf(TypeError);
    expect(await failure(mien.upload(Buffer.from('a')))).toBeInstanceOf(TypeError);
  });
});

describe('an error of the function that gives the token is thrown at once', () => {
  const problem = new Error('signed out');
  const token = () => Promise.reject(problem);

  test.each(Object.entries(TRANSPORTS))('over %s', async (_name, transport) => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void sockets.close());
    await new Promise((resolve) => sockets.once('listening', resolve));
    const url = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
    expect(await failureOfLoop({ url, token, transport: transport() })).toEqual({
      error: problem,
      retries: 0,
    });
  });

  test('by an upload', async () => {
    const url = await answering((_request, response) => response.writeHead(500).end());
    expect(await failure(createMien({ url, token }).upload(Buffer.from('a')))).toBe(problem);
  });
});

test.each(Object.entries(TRANSPORTS))(
  'a server that takes the connection and never answers is lost after 30 seconds over %s',
  async (_name, transport) => {
    const taken = new Set<{ destroy(): void }>();
    const server = createTcpServer((socket) => {
      taken.add(socket.resume().on('error', () => {}));
    });
    onTestFinished(() => {
      for (const socket of taken) socket.destroy();
      server.close();
    });
    const url = await listening(server);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const loop = failureOfLoop({ url, transport: transport() });
    for (let tries = 1; tries <= 3; tries++) {
      await vi.waitUntil(() => taken.size >= tries, { timeout: 20_000 });
      await vi.advanceTimersByTimeAsync(30_001);
    }
    expect((await loop).retries).toBe(3);
  },
);

test('what is followed without `cursor` is refused, since nothing could be resumed', async () => {
  const url = await answering((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: next\ndata: {"data":{"frameEmotions":{"seq":1}}}\n\n');
  });
  const moments = createMien({ url }).follow(
    'subscription ($after: String) { frameEmotions(after: $after) { seq } }',
  );
  const error = await failure(moments.next());
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toMatch(/Select `cursor`/);
});
