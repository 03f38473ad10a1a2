/** `@mien/client/ws`: all subscriptions over one WebSocket, by graphql-ws. */
import { type Client, type ClientOptions, createClient, type Sink } from 'graphql-ws';
import { ConnectionLost, MienError } from './errors.ts';
import type { GraphQLRequest } from './http.ts';
import type { Answer, Server } from './server.ts';
import type { SubscribeOptions, Transport } from './transport.ts';
import { createWaiting } from './waiting.ts';

/** Codes with which a server closes a WebSocket for a reason, as mien names them elsewhere; with a sentence, where its reason is a word. */
const REFUSALS: Readonly<Record<number, { code: string; sentence?: string }>> = {
  4401: {
    code: 'UNAUTHENTICATED',
    sentence:
      'The server does not know who asks: there is no token, or one that it does not know, that was revoked or has expired.',
  },
  4403: {
    code: 'FORBIDDEN',
    sentence:
      'The server does not let in who asks: their role, or what is shown to them, does not permit it.',
  },
  4429: { code: 'TOO_MANY_REQUESTS' },
  4500: { code: 'INTERNAL' },
};
/** What is said of the server without a word of its own. */
const WORDLESS = ['', 'Internal server error'];
const WENT_WRONG = 'Something went wrong on the server; whoever operates it finds why in its log.';
/** A server that does not answer a ping for as long is gone. */
const PING_MS = 12_000;
/** Nor does one come that has not opened a connection, or let in, after as long. */
const MAX_SILENCE_MS = 30_000;
/** Ways in which a connection broke, by the codes with which graphql-ws closes it itself. */
const BREAKS: Readonly<Record<number, string>> = {
  4499: `the server has not answered for ${PING_MS / 1_000} seconds`,
  4504: `the server took the connection, but did not answer in ${MAX_SILENCE_MS / 1_000} seconds`,
};

export interface WebSocketOptions {
  /** Node 20 has no `WebSocket` of its own: give that of the package `ws`. */
  webSocketImpl?: unknown;
}

/**
 * At most 256 events wait for a loop that is slower than its subscription; what is dropped beyond that the next one tells in
 * `skippedBefore`, where that is selected.
 *
 * @example createMien({ url, token, transport: webSocket({ webSocketImpl: WebSocket }) })
 */
export function webSocket({ webSocketImpl }: WebSocketOptions = {}): Transport {
  const connections = new WeakMap<Server, Connection>();
  const connectionOf = (server: Server): Connection => {
    const known = connections.get(server);
    // Where nobody answers the closing, as in a network that is gone, it takes a minute.
    if (known && !known.isClosing()) return known;
    const connection = connect(server, webSocketImpl);
    connections.set(server, connection);
    return connection;
  };
  return {
    subscribe: (server, request, options) => subscribe(server, connectionOf(server), request, options),
  };
}

async function* subscribe(
  server: Server,
  { client, whenOpen, tokenFailure }: Connection,
  { query, variables, extensions }: GraphQLRequest,
  { signal, onOpen }: SubscribeOptions,
): AsyncGenerator<Answer, void> {
  signal.throwIfAborted();
  const { sink, answers, leave } = createWaiting();
  const complete = client.subscribe({ query, variables: { ...variables }, extensions }, sink as Sink);
  const forget = onOpen && whenOpen(onOpen);
  signal.addEventListener('abort', leave, { once: true });
  try {
    yield* answers();
    signal.throwIfAborted();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = tokenFailure();
    throw failure ? failure.error : worded(server, error);
  } finally {
    signal.removeEventListener('abort', leave);
    forget?.();
    complete();
  }
}

interface Connection {
  client: Client;
  /** Calls once the server has let in: at once, where a socket is open that it has. @returns what takes that back */
  whenOpen(onOpen: () => void): () => void;
  /** Its socket takes nothing more, and is not closed yet. */
  isClosing(): boolean;
  /** What the function that gives the token threw when it was last asked; null: nothing. */
  tokenFailure(): { error: unknown } | null;
}

function connect(server: Server, webSocketImpl: unknown): Connection {
  let failure: { error: unknown } | null = null;
  const headers = async () => {
    failure = null;
    try {
      return await server.headers();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const client = open(server.at('graphql'), headers, webSocketImpl);
  /** The socket that it was let in by last. */
  let socket: WebSocket | undefined;
  client.on('connected', (opened) => {
    socket = opened as WebSocket;
  });
  const is = (state: 'OPEN' | 'CLOSING') => socket !== undefined && socket.readyState === socket[state];
  const whenOpen = (onOpen: () => void) => {
    if (!is('OPEN')) {
      const forget = client.on('connected', () => {
        forget();
        onOpen();
      });
      return forget;
    }
    onOpen();
    return () => {};
  };
  return { client, whenOpen, isClosing: () => is('CLOSING'), tokenFailure: () => failure };
}

function open(url: URL, headers: Server['headers'], webSocketImpl: unknown): Client {
  url.protocol = url.protocol.replace('http', 'ws');
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: url.href,
    webSocketImpl: givingUp(webSocketImpl ?? globalThis.WebSocket),
    connectionParams: headers,
    connectionAckWaitTimeout: MAX_SILENCE_MS,
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

/** Closes what does not open in time: a server may take a connection and never answer. */
function givingUp(given: unknown): unknown {
  if (typeof given !== 'function') return undefined;
  return class extends (given as typeof WebSocket) {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      const silence = setTimeout(() => this.close(), MAX_SILENCE_MS);
      for (const known of ['open', 'close']) this.addEventListener(known, () => clearTimeout(silence));
    }
  };
}

/** graphql-ws throws the errors of an answer, how the socket was closed, or what kept it from opening. */
function worded(server: Server, error: unknown): unknown {
  if (Array.isArray(error)) return errorOf(server, { errors: error });
  if (error instanceof MienError) return error;
  const { code, reason = '' } = (error ?? {}) as { code?: number; reason?: string };
  const refusal = REFUSALS[code ?? 0];
  if (refusal) {
    const message = refusal.sentence ?? (WORDLESS.includes(reason) ? WENT_WRONG : reason);
    return errorOf(server, { errors: [{ message, extensions: { code: refusal.code } }] });
  }
  if (code === undefined) return new ConnectionLost('the server does not answer', { cause: error });
  return new ConnectionLost(BREAKS[code] ?? (reason || 'the server closed the connection'), { cause: error });
}

function errorOf(server: Server, answer: Answer): unknown {
  try {
    return server.dataOf(answer);
  } catch (error) {
    return error;
  }
}
