/** Subscriptions over WebSocket (graphql-ws), written at the pace of each socket. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import {
  type Context as Connection,
  handleProtocols,
  makeServer,
  type Server as ProtocolServer,
  type SubscribePayload,
} from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../../domain/log.ts';
import type { MaskError } from '../errors/mask-errors.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { Subscriber } from '../fanout/subscriber.ts';
import { WsConnection } from './ws-connection.ts';
import { writeDeliveries } from './ws-writer.ts';

/** A request is a query and its variables: 64 KiB is many. */
const MAX_MESSAGE = 64 * 1024;
const INIT_TIMEOUT_MS = 5_000;
const GOING_AWAY = 1001;
const INTERNAL = 4500;

export interface WsServerOptions {
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

export interface WsServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with a reason, and resolves when they are gone. */
  close(reason: string): Promise<void>;
}

/** What graphql-ws keeps with each connection. */
interface Extra {
  connection: WsConnection;
}

type Protocol = ProtocolServer<Extra>;

export function createWsServer(options: WsServerOptions): WsServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    clientTracking: true,
    handleProtocols,
  });
  const protocol = createProtocol(options);
  sockets.on('connection', (socket: WebSocket, _request: IncomingMessage, tcp: Duplex) =>
    serveSocket(protocol, socket, tcp, options.log),
  );

  return {
    upgrade: (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) =>
        sockets.emit('connection', client, request, socket),
      ),
    async close(reason) {
      const gone = [...sockets.clients].map((client) => closeSocket(client, reason));
      await Promise.all(gone);
      sockets.close();
    },
  };
}

function createProtocol({ prepare, execute, fanout, maskError, ...options }: WsServerOptions): Protocol {
  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    async onSubscribe(connection, _id, payload) {
      try {
        assertBelowLimit(connection, options.maxSubscriptions);
        return await prepare(payload);
      } catch (error) {
        return [maskError(error)];
      }
    },
    execute: execute as never,
    subscribe: ((args: ExecutionArgs) => fanout.subscribe(args)) as never,
    onOperation({ extra }, id, _payload, _args, result) {
      return result instanceof Subscriber
        ? writeDeliveries(result, id, extra.connection, options)
        : undefined;
    },
  });
}

function serveSocket(protocol: Protocol, socket: WebSocket, tcp: Duplex, log: Log): void {
  const connection = new WsConnection(socket, tcp);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => connection.send(text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) =>
        socket.on('message', (data) => {
          handle(String(data)).catch((error: unknown) => {
            log.error({ err: error }, 'a WebSocket message could not be handled');
            socket.close(INTERNAL, 'Internal server error');
          });
        }),
    },
    { connection },
  );
  socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
  socket.once('close', (code, reason) => {
    connection.close();
    closed(code, String(reason)).catch((error: unknown) =>
      log.error({ err: error }, 'a WebSocket did not close well'),
    );
  });
}

/** Whether an operation may run beside those that this socket has open. */
function assertBelowLimit({ subscriptions }: Connection<Record<string, unknown>, Extra>, most: number): void {
  if (Object.keys(subscriptions).length <= most) return;
  throw new GraphQLError(
    `A WebSocket carries at most ${most} operations at a time: complete some, or open another.`,
    {
      extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' },
    },
  );
}

const CLOSE_TIMEOUT_MS = 1_000;

function closeSocket(client: WebSocket, reason: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.terminate(), CLOSE_TIMEOUT_MS);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.close(GOING_AWAY, reason);
  });
}
