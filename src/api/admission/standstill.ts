/**
 * Who takes nothing of what waits for it is cut off, over every transport: answers, event streams and WebSockets alike. Only
 * what leaves counts: a client that goes on sending, and reads nothing, holds memory for nobody.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Longest time in which nothing leaves, though something waits. */
const STANDSTILL_MS = 60_000;
const LOOKS = 4;

/** To be called before the server listens. */
export function cutStandstills(server: Server): void {
  const connections = new Map<Socket, Progress>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { ...progressOf(socket), looks: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  const timer = setInterval(() => {
    for (const [socket, before] of connections) {
      const now = progressOf(socket);
      const stands = now.waits && before.waits && now.left === before.left && now.inHand >= before.inHand;
      const looks = stands ? before.looks + 1 : 0;
      connections.set(socket, { ...now, looks });
      if (looks === LOOKS) socket.destroy();
    }
  }, STANDSTILL_MS / LOOKS);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

interface Progress {
  /** Whether anything waits. */
  waits: boolean;
  /** Bytes of writes that have left as a whole. */
  left: number;
  /** Bytes of the write under way that have not. */
  inHand: number;
  /** How often in a row it was seen to stand still. */
  looks: number;
}

function progressOf(socket: Socket): Omit<Progress, 'looks'> {
  // Node's own timeouts judge by this, too, but take what arrives for progress as well.
  const { writeQueueSize = 0 } =
    (socket as unknown as { _handle: { writeQueueSize?: number } | null })._handle ?? {};
  const { bytesWritten, writableLength } = socket;
  return { waits: writableLength > 0, left: bytesWritten - writableLength, inHand: writeQueueSize };
}
