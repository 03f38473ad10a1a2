import type { AddressInfo, Server, Socket } from 'node:net';
import { MienError } from '../../errors.ts';

/** The only way by which one run of ffmpeg reaches the network. */
export interface LoopbackProxy {
  /** The loopback port on which it listens, its own. */
  port: number;
  /** What went wrong last on the way to the source, in a sentence; ffmpeg says it less clearly. */
  networkError(): MienError | undefined;
  /** Closes it with all its connections. */
  close(): void;
}

/** Remembers the last error that was meant for users; others are ffmpeg's to tell. */
export function createErrorMemory() {
  let last: MienError | undefined;
  return {
    note(error: unknown) {
      if (error instanceof MienError) last = error;
    },
    last: () => last,
  };
}

/** Lets a server listen on a loopback port of its own, and keeps its connections so that they can be closed. */
export async function listenOnLoopback(
  server: Server,
  networkError: LoopbackProxy['networkError'],
): Promise<LoopbackProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    networkError,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
