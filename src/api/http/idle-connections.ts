/** Connections on which nothing is asked now, which a server that closes need not wait for. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Node's own `closeIdleConnections` takes a connection for busy on which nothing was ever asked, as browsers open them
 * ahead of their next request.
 * @returns closes those that are idle now
 */
export function trackIdleConnections(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () => {
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
}
