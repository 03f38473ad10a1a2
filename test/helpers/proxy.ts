/** A TCP proxy that a test can cut, as a network or a server that goes away does. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** What becomes of those who ask for a WebSocket; `passed` at first. */
  webSockets: 'passed' | 'refused' | 'unanswered';
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  mend(): void;
  /** Every connection stays open, and nothing passes any more, as where a firewall forgets them; new ones pass. */
  swallow(): void;
  close(): Promise<void>;
}

export async function openProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((client) => {
    if (!open) return client.destroy();
    const upstream = connect(target);
    client.once('data', (first: Buffer) => {
      if (proxy.webSockets === 'passed' || !/^upgrade: websocket\r$/im.test(first.toString('latin1'))) return;
      client.unpipe();
      if (proxy.webSockets === 'refused') client.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    webSockets: 'passed',
    cut() {
      open = false;
      breakAll();
    },
    mend() {
      open = true;
    },
    swallow() {
      for (const socket of sockets) socket.unpipe().removeAllListeners('end').resume();
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
