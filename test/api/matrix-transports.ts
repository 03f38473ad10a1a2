/** One operation over each transport, and what came of it, in one form. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Outcome {
  /** Of HTTP; null over a WebSocket. */
  status: number | null;
  /** With which the WebSocket was closed; null: it was not. */
  closed: number | null;
  data: unknown;
  errors: { message: string; code: unknown }[];
}

export interface Asked {
  url: string;
  /** Null: none is shown. */
  token: string | null;
  query: string;
  variables: Record<string, unknown>;
}

interface GraphQLAnswer {
  data?: unknown;
  errors?: readonly { message: string; extensions?: { code?: unknown } }[];
}

export type Transport = (asked: Asked) => Promise<Outcome>;

export const post: Transport = async ({ url, token, query, variables }) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify({ query, variables }),
  });
  return outcome(response.status, (await response.json()) as GraphQLAnswer);
};

export const get: Transport = async ({ url, token, query, variables }) => {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const headers = { accept: 'application/json', 'x-requested-with': 'a test', ...bearer(token) };
  const response = await fetch(`${url}/graphql?${search}`, { headers });
  return outcome(response.status, (await response.json()) as GraphQLAnswer);
};

/** The first event. */
export const sse: Transport = async ({ url, token, query, variables }) => {
  const leaving = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(token) },
    body: JSON.stringify({ query, variables }),
    signal: leaving.signal,
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    return outcome(response.status, (await response.json()) as GraphQLAnswer);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const data = /^event: next\n(?:id: .*\n)?data: (.*)\n\n/m.exec(text)?.[1];
    if (data === undefined) continue;
    const first = outcome(response.status, JSON.parse(data) as GraphQLAnswer);
    leaving.abort();
    return first;
  }
  throw new Error(`the stream ended without an event: ${text}`);
};

/** The first result, or how the socket was closed. */
export const webSocket: Transport = async ({ url, token, query, variables }) => {
  const client = createClient({
    ...{ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: token === null ? {} : { token },
  });
  try {
    const { value } = await client.iterate({ query, variables }).next();
    return outcome(null, value as GraphQLAnswer);
  } catch (thrown) {
    if (Array.isArray(thrown)) return outcome(null, { errors: thrown as GraphQLAnswer['errors'] & object });
    const { code } = thrown as { code?: number };
    if (code === undefined) throw thrown;
    return { status: null, closed: code, data: null, errors: [] };
  } finally {
    await client.dispose();
  }
};

export function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function outcome(status: number | null, { data = null, errors = [] }: GraphQLAnswer): Outcome {
  const told = errors.map(({ message, extensions }) => ({ message, code: extensions?.code }));
  return { status, closed: null, data, errors: told };
}
