/** Subscriptions over WebSocket (graphql-ws), written at the pace of each socket. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { type Context as Connection, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../../domain/log.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { Feed } from '../fanout/feed.ts';
import type { MaskError } from '../mask-errors.ts';
import { Channel } from './ws-connection.ts';
import { pump } from './ws-writer.ts';

/** A request is a query and its variables: 64 KiB is many. */
const MAX_MESSAGE = 64 * 1024;
const INIT_TIMEOUT_MS = 5_000;
const GOING_AWAY = 1001;
const INTERNAL = 4500;

export interface SocketOptions {
  /** Parses and validates as over HTTP, limits included; gives the mistakes, if any. @throws GraphQLError */
  prepare: (payload: SubscribePayload) => Promise<ExecutionArgs | readonly GraphQLError[]>;
  execute: (args: ExecutionArgs) => unknown;
  fanout: Fanout;
  maskError: MaskError;
  log: Log;
  maxSubscriptions: number;
  onOpen?: () => void;
  onClose?: () => void;
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with a reason, and resolves when they are gone. */
  close(reason: string): Promise<void>;
}

interface Extra {
  channel: Channel;
}

export function createSockets(options: SocketOptions): Sockets {
  const { maskError, fanout, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    clientTracking: true,
    handleProtocols,
  });
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    async onSubscribe(connection, _id, payload) {
      try {
        assertRoom(connection, options.maxSubscriptions);
        return await options.prepare(payload);
      } catch (error) {
        return [maskError(error)];
      }
    },
    execute: options.execute as never,
    subscribe: ((args: ExecutionArgs) => fanout.subscribe(args)) as never,
    onOperation({ extra }, id, _payload, _args, result) {
      return result instanceof Feed ? pump(result, id, extra.channel, options) : undefined;
    },
  });

  sockets.on('connection', (socket: WebSocket, _request: IncomingMessage, raw: Duplex) => {
    const channel = new Channel(socket, raw);
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) => channel.send(data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            handle(String(data)).catch((error: unknown) => {
              log.error({ err: error }, 'a WebSocket message could not be handled');
              socket.close(INTERNAL, 'Internal server error');
            });
          }),
      },
      { channel },
    );
    socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
    socket.once('close', (code, reason) => {
      channel.close();
      closed(code, String(reason)).catch((error: unknown) =>
        log.error({ err: error }, 'a WebSocket did not close well'),
      );
    });
  });

  return {
    upgrade: (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) =>
        sockets.emit('connection', client, request, socket),
      ),
    async close(reason) {
      const gone = [...sockets.clients].map((client) => goodbye(client, reason));
      await Promise.all(gone);
      sockets.close();
    },
  };
}

/** Whether an operation may run beside those that this socket has open. */
function assertRoom({ subscriptions }: Connection<Record<string, unknown>, Extra>, most: number): void {
  if (Object.keys(subscriptions).length <= most) return;
  throw new GraphQLError(
    `A WebSocket carries at most ${most} operations at a time: complete some, or open another.`,
    {
      extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' },
    },
  );
}

const GOODBYE_MS = 1_000;

function goodbye(client: WebSocket, reason: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.terminate(), GOODBYE_MS);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.close(GOING_AWAY, reason);
  });
}
