import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { MienError } from '../../../errors.ts';
import { isForeignPeer } from '../peer-user.ts';

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

/**
 * Opens a loopback port of its own in front of a server that does not listen itself, hands it the connections of our own
 * user alone, and keeps them so that they can be closed.
 */
export async function listenOnLoopback(
  server: Server,
  networkError: LoopbackProxy['networkError'],
): Promise<LoopbackProxy> {
  const sockets = new Set<Socket>();
  const admit = async (socket: Socket) => {
    if (await isForeignPeer(socket)) socket.destroy();
    else if (!socket.destroyed) server.emit('connection', socket);
  };
  const front = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy()));
    admit(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (front.address() as AddressInfo).port,
    networkError,
    close() {
      front.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
