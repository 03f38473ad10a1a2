/** GraphQL over HTTP. */
import { ConnectionLost } from './errors.ts';
import type { Answer, Server } from './server.ts';

export interface GraphQLRequest {
  query: string;
  variables: object;
  /** What is asked of the server beside the answer. */
  extensions?: Record<string, unknown>;
}

/** One query or mutation. @throws MienError, ConnectionLost, and what `signal` was aborted with */
export async function request<T>(server: Server, asked: GraphQLRequest, signal?: AbortSignal): Promise<T> {
  const response = await post(server, asked, { accept: 'application/json', signal });
  return server.dataOf(await answerOf(response, signal));
}

/** @throws ConnectionLost, and what `signal` was aborted with */
export async function post(
  server: Server,
  { query, variables, extensions }: GraphQLRequest,
  { accept, signal }: { accept: string; signal: AbortSignal | undefined },
): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept, ...(await server.headers()) };
  const options = { method: 'POST', headers, body: JSON.stringify({ query, variables, extensions }) };
  try {
    return await server.fetch(server.at('graphql'), { ...options, ...(signal && { signal }) });
  } catch (cause) {
    throw lost(cause, signal);
  }
}

/** @throws ConnectionLost where it is no JSON, and what `signal` was aborted with */
export async function answerOf(response: Response, signal?: AbortSignal): Promise<Answer> {
  try {
    return (await response.json()) as Answer;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ConnectionLost(`the server answered ${response.status} without a sentence`, { cause });
  }
}

/** Whoever stopped it is told so, rather than that the connection broke. */
export function lost(cause: unknown, signal?: AbortSignal): unknown {
  return signal?.aborted ? signal.reason : new ConnectionLost('the server does not answer', { cause });
}
