/** GraphQL over HTTP. */
import { ConnectionLost, MienError } from './errors.ts';
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
  return server.dataOf(await answerOf(server, response, signal));
}

/**
 * @param onSend told when all is known that is sent
 * @throws ConnectionLost, TypeError (what is sent cannot be), what the token's function throws, and what `signal` was aborted with
 */
export async function post(
  server: Server,
  { query, variables, extensions }: GraphQLRequest,
  { accept, signal, onSend }: { accept: string; signal: AbortSignal | undefined; onSend?: () => void },
): Promise<Response> {
  // Not below: what cannot be sent will not be another time.
  const address = server.at('graphql');
  const headers = { 'content-type': 'application/json', accept, ...(await server.headers()) };
  const options = { method: 'POST', headers, body: JSON.stringify({ query, variables, extensions }) };
  onSend?.();
  try {
    return await server.fetch(address, { ...options, ...(signal && { signal }) });
  } catch (cause) {
    throw lost(cause, signal);
  }
}

/** @throws ConnectionLost and MienError where it is none of GraphQL, and what `signal` was aborted with */
export async function answerOf(server: Server, response: Response, signal?: AbortSignal): Promise<Answer> {
  try {
    return readAnswer(server, response.status, await response.text());
  } catch (cause) {
    signal?.throwIfAborted();
    const isRead = cause instanceof ConnectionLost || cause instanceof MienError;
    throw isRead ? cause : new ConnectionLost('the server broke off its answer', { cause });
  }
}

/** @throws ConnectionLost where another time there may be an answer; MienError where there is none at this address */
export function readAnswer(server: Server, status: number, text: string): Answer {
  const answer = parsed(text);
  if (answer && ('data' in answer || 'errors' in answer)) return answer;
  const said = answer && 'status' in answer ? `: ${String(answer.status)}` : '';
  if (status >= 500 || MAY_PASS.includes(status))
    throw new ConnectionLost(`the server answered ${status}${said}`);
  if (server.isKnown()) throw new ConnectionLost(`what stands before the server answered ${status}${said}`);
  throw new MienError({
    message: `What is at this address answered ${status}${said}, which is no answer of mien; see whether \`url\` is right.`,
  });
}

/** Told by what stands before a server, too. */
const MAY_PASS = [408, 425, 429];

/** Null: no object as JSON. */
function parsed(text: string): (Answer & { status?: unknown }) | null {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' ? answer : null;
  } catch {
    return null;
  }
}

/** Whoever stopped it is told so, rather than that the connection broke. */
export function lost(cause: unknown, signal?: AbortSignal): unknown {
  return signal?.aborted ? signal.reason : new ConnectionLost('the server does not answer', { cause });
}
