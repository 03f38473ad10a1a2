/** Subscriptions over WebSocket (graphql-ws), written at the pace of each socket. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
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
import type { Requester } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import type { Auth } from '../auth/auth.ts';
import type { MaskError } from '../errors/mask-errors.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { Subscriber } from '../fanout/subscriber.ts';
import { WsConnection } from './ws-backpressure.ts';
import { closeSocket, cutReason, INTERNAL, refuseSocket } from './ws-close.ts';
import { WsRequester } from './ws-requester.ts';
import { writeDeliveries } from './ws-writer.ts';

/** A request is a query and its variables: 64 KiB is many. */
const MAX_MESSAGE = 64 * 1024;
const INIT_TIMEOUT_MS = 5_000;

export interface WsServerOptions {
  /** Parses and validates as over HTTP, limits included; gives the mistakes, if any. @throws GraphQLError */
  prepare: (
    payload: SubscribePayload,
    requester: Requester,
    isWanted: () => boolean,
  ) => Promise<ExecutionArgs | readonly GraphQLError[]>;
  execute: (args: ExecutionArgs) => unknown;
  fanout: Fanout;
  auth: Pick<Auth, 'identifySocket' | 'hold' | 'remote'>;
  maskError: MaskError;
  log: Log;
  maxSubscriptions: number;
  /** Whether a client asks too often, over HTTP and here together. */
  rate: (remote: string | undefined) => { code: string; message: string } | null;
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
  remote: string | undefined;
  requester: WsRequester;
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
  sockets.on('connection', (socket: WebSocket, request: IncomingMessage, tcp: Socket) =>
    serveSocket(protocol, socket, { request, tcp }, options),
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
    onConnect: ({ connectionParams, extra }) => extra.requester.init(connectionParams),
    async onSubscribe(connection, id, payload) {
      try {
        assertBelowLimit(connection, options.maxSubscriptions);
        assertBelowRate(connection, options.rate);
        const isWanted = () => id in connection.subscriptions && connection.extra.connection.isOpen;
        const prepared = await prepare(payload, connection.extra.requester.get(), isWanted);
        return Array.isArray(prepared) ? prepared.map(withoutStatus) : prepared;
      } catch (error) {
        return [withoutStatus(maskError(error))];
      }
    },
    execute: execute as never,
    subscribe: ((args: ExecutionArgs) => fanout.subscribe(args)) as never,
    onOperation({ extra: { connection, requester } }, id, _payload, _args, result) {
      if (!(result instanceof Subscriber)) return undefined;
      const { onOpen, onClose = () => {} } = options;
      const results = writeDeliveries(result, id, connection, {
        ...(onOpen && { onOpen }),
        onClose() {
          requester.drop(result);
          onClose();
        },
      });
      requester.carry(result);
      return results;
    },
  });
}

function serveSocket(
  protocol: Protocol,
  socket: WebSocket,
  { request, tcp }: { request: IncomingMessage; tcp: Socket },
  { auth, maskError, log }: WsServerOptions,
): void {
  const connection = new WsConnection(socket, tcp);
  const refuse = (reason: MienError) => refuseSocket(socket, reason);
  const requester = new WsRequester({ auth, maskError, upgrade: request, close: refuse });
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => connection.send(text),
      close: (code, reason) => socket.close(code, cutReason(reason)),
      onMessage: (handle) =>
        socket.on('message', (data) => {
          handle(String(data)).catch((error: unknown) => {
            if (error instanceof MienError) return refuse(error);
            log.error({ err: error }, 'a WebSocket message could not be handled');
            socket.close(INTERNAL, 'Internal server error');
          });
        }),
    },
    { connection, remote: auth.remote.addressOf(request), requester },
  );
  socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
  socket.once('close', (code, reason) => {
    connection.close();
    requester.leave();
    closed(code, String(reason)).catch((error: unknown) =>
      log.error({ err: error }, 'a WebSocket did not close well'),
    );
  });
}

/** What an error says for HTTP is nothing to a WebSocket. */
function withoutStatus(error: GraphQLError): GraphQLError {
  const { http: _, ...extensions } = error.extensions;
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions });
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

function assertBelowRate(
  { extra }: Connection<Record<string, unknown>, Extra>,
  rate: WsServerOptions['rate'],
): void {
  const refusal = rate(extra.remote);
  if (refusal === null) return;
  throw new GraphQLError(refusal.message, { extensions: { code: refusal.code } });
}
