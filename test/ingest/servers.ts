/** Small real servers: HTTP that serves a directory, and RTSP that hands on what is published to it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export interface Served {
  port: number;
  /** Requests (HTTP: paths; RTSP: methods) in the order in which they came. */
  seen: string[];
  close(): Promise<void>;
}

export async function serve(handler: RequestListener, host = '127.0.0.1'): Promise<Served> {
  const seen: string[] = [];
  const server = createHttp((request, response) => {
    seen.push(request.url ?? '');
    handler(request, response);
  });
  return listen(server, seen, host);
}

/** Files of a directory, with ranges, as a static web server gives them. */
export function files(directory: string): RequestListener {
  return async (request, response) => {
    const path = join(directory, new URL(request.url ?? '/', 'http://x').pathname);
    const size = await stat(path).then(
      (found) => found.size,
      () => -1,
    );
    if (size < 0) return response.writeHead(404).end('not here');
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(request.headers.range ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-length': size - start,
      'content-range': `bytes ${start}-${size - 1}/${size}`,
    });
    createReadStream(path, { start }).pipe(response);
    return undefined;
  };
}

/** TCP that takes connections and says nothing. */
export function mute(): Promise<Served> {
  return listen(createServer(), [], '127.0.0.1');
}

export interface RtspServer extends Served {
  /** From now on nothing is handed on. */
  mute(): void;
}

/** Whether a reader's `Authorization` is the right one for a request. */
export type Allows = (authorization: string, method: string, uri: string) => boolean;

/** An RTSP server of one stream: a publisher announces and records, readers describe and play, all over TCP. */
export async function rtsp(options: { redirect?: string; allows?: Allows } = {}): Promise<RtspServer> {
  const seen: string[] = [];
  const readers = new Set<Socket>();
  let sdp = '';
  let muted = false;
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on('error', () => {}).on('close', () => readers.delete(socket));
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let used = take(socket, rest); used > 0; used = take(socket, rest)) rest = rest.subarray(used);
    });
  });

  /** Handles the first packet or request in the buffer; returns its length, 0 when it is not whole. */
  function take(socket: Socket, buffer: Buffer): number {
    if (buffer[0] === 0x24) {
      const length = buffer.length < 4 ? Number.POSITIVE_INFINITY : 4 + buffer.readUInt16BE(2);
      if (buffer.length < length) return 0;
      if (!readers.has(socket) && !muted)
        for (const reader of readers) reader.write(buffer.subarray(0, length));
      return length;
    }
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const head = buffer.subarray(0, end).toString();
    const body = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (buffer.length < end + 4 + body) return 0;
    answer(socket, head, buffer.subarray(end + 4, end + 4 + body).toString());
    return end + 4 + body;
  }

  function answer(socket: Socket, head: string, body: string): void {
    const [method = '', uri = ''] = head.split(' ');
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1] ?? '';
    const reply = (status: string, extra = '', content = '') =>
      socket.write(`RTSP/1.0 ${status}\r\nCSeq: ${header('CSeq')}\r\nSession: 1\r\n${extra}\r\n${content}`);
    seen.push(method);
    if (method === 'ANNOUNCE') sdp = body;
    if (method === 'SETUP') return void reply('200 OK', `Transport: ${header('Transport')}\r\n`);
    const { allows } = options;
    if (allows && ['DESCRIBE', 'PLAY'].includes(method) && !allows(header('Authorization'), method, uri)) {
      return void reply(
        '401 Unauthorized',
        'WWW-Authenticate: Digest realm="our cameras", nonce="n0nce"\r\n',
      );
    }
    if (method === 'DESCRIBE') {
      if (options.redirect) return void reply('302 Found', `Location: ${options.redirect}\r\n`);
      if (!sdp) return void reply('404 Not Found');
      const about = `Content-Base: ${uri}/\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n`;
      return void reply('200 OK', about, sdp);
    }
    reply('200 OK', 'Public: OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, TEARDOWN\r\n');
    if (method === 'PLAY') readers.add(socket);
  }

  return {
    ...(await listen(server, seen, '127.0.0.1')),
    mute: () => {
      muted = true;
    },
  };
}

async function listen(server: Server, seen: string[], host: string): Promise<Served> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
