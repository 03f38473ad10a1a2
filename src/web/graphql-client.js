/** GraphQL as any client would speak it: queries over POST, subscriptions over server-sent events. */
import { createSseParser } from './sse-parser.js';

/** The server pings every 12 seconds; a connection that is silent for longer than this is dead. */
const MAX_SILENCE_MS = 30_000;

/** Heard on the window when the server does not know any more who this is. */
export const SIGNED_OUT = 'mien:signed-out';

/** An answer of the server that is an error, in its own words. */
export class ServerError extends Error {
  /**
   * @param {string} message
   * @param {string} code its `extensions.code`
   */
  constructor(message, code) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
  }
}

/** The connection broke, or could not be made. */
export class ConnectionLost extends Error {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super(message, options);
    this.name = 'ConnectionLost';
  }
}

/**
 * One query or mutation.
 * @template T
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {ServerError | ConnectionLost}
 */
export async function request(query, variables = {}, signal) {
  const response = await post({ query, variables }, 'application/json', signal);
  return dataOf(await bodyOf(response));
}

/**
 * One subscription: what comes until it is complete. The connection closes when the loop over it is left.
 * @template T
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {{ signal: AbortSignal, onOpen?: () => void }} options
 * @returns {AsyncGenerator<T, void>}
 * @throws {ServerError | ConnectionLost}
 */
export async function* subscribe(query, variables, { signal, onOpen }) {
  const closing = new AbortController();
  const close = () => closing.abort();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) return;
    const response = await post({ query, variables }, 'text/event-stream', closing.signal);
    if (!isEventStream(response)) {
      dataOf(await bodyOf(response));
      throw new ConnectionLost('the server answered without a stream of events');
    }
    onOpen?.();
    yield* /** @type {AsyncGenerator<T, void>} */ (events(response, close));
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/**
 * @param {Response} response
 * @param {() => void} close
 */
async function* events({ body }, close) {
  /** @type {import('./sse-parser.js').SseEvent[]} */
  const arrived = [];
  const parse = createSseParser((event) => arrived.push(event));
  const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const silence = setTimeout(close, MAX_SILENCE_MS);
    const { done, value } = await reader
      .read()
      .catch(throwConnectionLost)
      .finally(() => clearTimeout(silence));
    if (done) throw new ConnectionLost('the server closed the connection');
    parse(decoder.decode(value, { stream: true }));
    for (const { event, data } of arrived.splice(0)) {
      if (event === 'complete') return;
      if (event === 'next') yield dataOf(JSON.parse(data));
    }
  }
}

/**
 * @param {object} body
 * @param {string} accept
 * @param {AbortSignal} [signal]
 */
function post(body, accept, signal) {
  return fetch('graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  }).catch(throwConnectionLost);
}

/** @param {Response} response */
async function bodyOf(response) {
  try {
    return await response.json();
  } catch {
    throw new ConnectionLost(`the server answered ${response.status} without a sentence`);
  }
}

/** @param {Response} response */
function isEventStream(response) {
  return (
    response.headers.get('content-type')?.startsWith('text/event-stream') === true && response.body !== null
  );
}

/**
 * @param {{ data?: any, errors?: { message: string, extensions?: { code?: string } }[] }} answer
 * @throws {ServerError}
 */
export function dataOf({ data, errors }) {
  const [error] = errors ?? [];
  if (error?.extensions?.code === 'UNAUTHENTICATED') dispatchEvent(new Event(SIGNED_OUT));
  if (error) throw new ServerError(error.message, error.extensions?.code ?? 'UNKNOWN');
  return data;
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function throwConnectionLost(error) {
  throw new ConnectionLost('the server does not answer', { cause: error });
}
