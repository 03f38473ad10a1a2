/** How many connections are open, in all and from one address; what is beyond is answered at once, and closed. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { clientKey } from './client-key.ts';
import { type Refusal, rawAnswer } from './refusal.ts';

export interface ConnectionLimits {
  connections: number;
  connectionsPerAddress: number;
  /** Whether an address is that of a proxy, which connects for many. */
  isProxy(address: string | undefined): boolean;
  /** Told of each that is refused. */
  onRefused: (code: string) => void;
}

/** To be called before the server listens. */
export function limitConnections(
  server: Server,
  { connections, connectionsPerAddress, isProxy, onRefused }: ConnectionLimits,
): void {
  const open = new Map<string, number>();
  let all = 0;
  // Before Node's own listener, which would begin to read a request.
  server.prependListener('connection', (socket: Socket) => {
    const address = clientKey(socket.remoteAddress);
    const present = open.get(address) ?? 0;
    if (all >= connections) return refuse(socket, TOO_MANY, onRefused);
    if (present >= connectionsPerAddress && !isProxy(socket.remoteAddress))
      return refuse(socket, TOO_MANY_FROM_ADDRESS, onRefused);
    all += 1;
    open.set(address, present + 1);
    socket.once('close', () => {
      all -= 1;
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

function refuse(socket: Socket, refusal: Refusal, onRefused: (code: string) => void): void {
  onRefused(refusal.code);
  socket.on('error', () => socket.destroy());
  // Nobody waits for it to read.
  socket.end(rawAnswer(refusal, 'Service Unavailable'), () => socket.destroySoon());
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const LINGER_MS = 1_000;

const TOO_MANY: Refusal = {
  status: 503,
  code: 'TOO_MANY_CONNECTIONS',
  message:
    'The server has as many connections open as it may: try again later, or have MIEN_MAX_CONNECTIONS raised.',
  headers: { 'retry-after': '5' },
};

const TOO_MANY_FROM_ADDRESS: Refusal = {
  status: 503,
  code: 'TOO_MANY_CONNECTIONS_FROM_ADDRESS',
  message:
    'Your address has as many connections open as it may: close some, or have MIEN_MAX_CONNECTIONS_PER_ADDRESS raised.',
  headers: { 'retry-after': '5' },
};
