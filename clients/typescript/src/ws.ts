/** `@mien/client/ws`: all subscriptions over one WebSocket, by graphql-ws. */
import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import { ConnectionLost, MienError } from './errors.ts';
import type { GraphQLRequest } from './http.ts';
import type { Answer, Server } from './server.ts';
import type { SubscribeOptions, Transport } from './transport.ts';

/** Codes that a closing WebSocket tells, as mien names them elsewhere. */
const CODES: Readonly<Record<number, string>> = {
  4401: 'UNAUTHENTICATED',
  4403: 'FORBIDDEN',
  4429: 'TOO_MANY_REQUESTS',
};
/** A server that does not answer a ping for as long is gone. */
const PING_MS = 12_000;

export interface WebSocketOptions {
  /** Node 20 has no `WebSocket` of its own: give that of the package `ws`. */
  webSocketImpl?: unknown;
}

/** @example createMien({ url, token, transport: webSocket({ webSocketImpl: WebSocket }) }) */
export function webSocket({ webSocketImpl }: WebSocketOptions = {}): Transport {
  const clients = new WeakMap<Server, Client>();
  const clientOf = (server: Server): Client => {
    const client = clients.get(server) ?? open(server, webSocketImpl);
    clients.set(server, client);
    return client;
  };
  return { subscribe: (server, request, options) => subscribe(server, clientOf(server), request, options) };
}

async function* subscribe(
  server: Server,
  client: Client,
  { query, variables, extensions }: GraphQLRequest,
  { signal, onOpen }: SubscribeOptions,
): AsyncGenerator<Answer, void> {
  signal.throwIfAborted();
  const forget = onOpen && client.on('connected', onOpen);
  const results = client.iterate({ query, variables: { ...variables }, extensions });
  const close = () => void results.return?.();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const result of results) yield result as Answer;
    signal.throwIfAborted();
  } catch (error) {
    throw signal.aborted ? signal.reason : worded(server, error);
  } finally {
    signal.removeEventListener('abort', close);
    forget?.();
  }
}

function open(server: Server, webSocketImpl: unknown): Client {
  const url = server.at('graphql');
  url.protocol = url.protocol.replace('http', 'ws');
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: url.href,
    ...(webSocketImpl !== undefined && { webSocketImpl }),
    connectionParams: () => server.headers(),
    // Who resumes connects again, behind the last that came.
    retryAttempts: 0,
    keepAlive: PING_MS,
    on: {
      ping(received) {
        if (!received) unanswered = setTimeout(() => client.terminate(), PING_MS);
      },
      pong(received) {
        if (received) clearTimeout(unanswered);
      },
      closed: () => clearTimeout(unanswered),
    },
  } satisfies ClientOptions);
  return client;
}

/** graphql-ws throws the errors of an answer, how the socket was closed, or what kept it from opening. */
function worded(server: Server, error: unknown): unknown {
  if (Array.isArray(error)) return errorOf(server, { errors: error });
  const { code, reason } = (error ?? {}) as { code?: number; reason?: string };
  const known = CODES[code ?? 0];
  const message = reason || 'the server closed the connection';
  if (known) return errorOf(server, { errors: [{ message, extensions: { code: known } }] });
  return error instanceof MienError ? error : new ConnectionLost(message, { cause: error });
}

function errorOf(server: Server, answer: Answer): unknown {
  try {
    return server.dataOf(answer);
  } catch (error) {
    return error;
  }
}
