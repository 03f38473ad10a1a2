/** What stands before mien, as a proxy does: passes on what it is asked, answers in its place where a test says so, and remembers what was asked. */
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface Asked {
  path: string;
  body: string;
}

export interface Answer {
  status: number;
  body: string;
}

export interface Front {
  url: string;
  asked: Asked[];
  /** What is answered instead of passing it on; null: it is passed on. */
  instead: (asked: Asked) => Answer | Promise<Answer> | null;
  /** Breaks all connections off. */
  cut(): void;
  close(): void;
}

export async function openFront(mien: string, passesWebSockets = true): Promise<Front> {
  const { hostname: host, port } = new URL(mien);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray());
    const asked = { path: request.url!, body: body.toString() };
    front.asked.push(asked);
    const answer = await front.instead(asked);
    if (answer !== null) {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
      return;
    }
    const { url: path, method, headers } = request;
    const onward = ask({ host, port, path, method, headers }, (answered) => {
      response.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(response).on('close', () => answered.destroy());
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('connection', keep);
  server.on('upgrade', async (request: IncomingMessage, socket: Socket) => {
    const asked = { path: request.url!, body: '' };
    if (!passesWebSockets || (await front.instead(asked)) !== null) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const onward = connect(Number(port), host);
    keep(onward);
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
    onward.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const front: Front = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ asked: [], instead: () => null, cut },
    close() {
      cut();
      server.close();
    },
  };
  return front;
}
