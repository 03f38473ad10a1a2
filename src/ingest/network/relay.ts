import { createServer, type Socket } from 'node:net';
import { createErrorMemory, type LoopbackProxy, listenOnLoopback } from './http/loopback-proxy.ts';
import type { SafeConnector } from './safe-connect.ts';

/**
 * Joins ffmpeg's connection to that of the source. Settles when either of them is over; all are closed then.
 * @param connect connects to the source, each time anew
 */
export type JoinConnections = (client: Socket, connect: () => Promise<Socket>) => Promise<void>;

/**
 * A loopback port whose connections lead to the one checked address of a source. The relay speaks TLS to the server where
 * that is wanted.
 * @param url what was registered; its port is the protocol's where it names none
 */
export async function openRelay(
  url: URL,
  port: number,
  tls: boolean,
  connector: SafeConnector,
  join: JoinConnections,
): Promise<LoopbackProxy> {
  const errors = createErrorMemory();

  async function relay(client: Socket): Promise<void> {
    const servers: Socket[] = [];
    const close = () => {
      for (const server of servers) server.destroy();
    };
    client.once('close', close);
    const connect = async () => {
      const server = await connector.connect(url.hostname, port, { tls });
      servers.push(server);
      if (client.destroyed) close();
      return server;
    };
    try {
      await join(client, connect);
    } catch (error) {
      errors.note(error);
    } finally {
      client.destroy();
      close();
    }
  }

  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    void relay(client);
  });
  return listenOnLoopback(server, errors.last);
}
