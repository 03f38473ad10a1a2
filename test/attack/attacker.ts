/** The attacker's servers, on the address that sources may reach. */
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { RtspTrick } from './rtsp-tricks.ts';
import type { Page, Trick } from './trick.ts';

export interface Attacker {
  port: number;
  close(): Promise<void>;
}

/** A web server that gives `/number/name`: that page of that trick, or one of those that all have. */
export function attackByWeb(tricks: Trick[], shared: Record<string, Page>): Promise<Attacker> {
  const server = createHttp((request, response) => {
    const [, number = '', name = ''] = /^\/(\d+)\/([^?]*)/.exec(request.url ?? '') ?? [];
    const page = tricks[Number(number)]?.pages[name] ?? shared[name];
    if (page === undefined) return void response.writeHead(404).end();
    if (typeof page === 'string' || Buffer.isBuffer(page)) return void response.end(page);
    if ('raw' in page) return void request.socket.end(page.raw);
    // Written by hand: Node would refuse to send some of it.
    const headers = Object.entries({ ...page.headers, connection: 'close' });
    const lines = [`HTTP/1.1 ${page.status} x`, ...headers.map(([key, value]) => `${key}: ${value}`)];
    return void request.socket.end(
      Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(page.body ?? '')]),
    );
  });
  return listen(server);
}

/** An RTSP server whose `/number` is a trick. */
export function attackByRtsp(tricks: RtspTrick[]): Promise<Attacker> {
  const server = createServer((socket) => {
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        void answer(socket, text.slice(0, end), tricks);
        text = text.slice(end + 4);
      }
    });
  });
  return listen(server);
}

async function answer(socket: Socket, head: string, tricks: RtspTrick[]): Promise<void> {
  const [method = '', uri = ''] = head.split(' ');
  const cseq = /^CSeq: *(\d+)/im.exec(head)?.[1] ?? '1';
  const trick = tricks[Number(/\/(\d+)(?:\/|$)/.exec(uri)?.[1] ?? -1)];
  const given = trick?.answers[method]?.({ method, cseq, uri }) ?? `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n\r\n`;
  socket.setNoDelay(true);
  for (const piece of Array.isArray(given) ? given : [given]) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

async function listen(server: Server): Promise<Attacker> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
