/** What those ask who watch a server: that its process lives, that it is ready, what it does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from '../auth/auth.ts';
import { answerJson } from '../errors/answer-json.ts';
import { authorizeMetrics, authorizeProbe } from './authorize-request.ts';

export interface ProbeOptions {
  auth: Auth;
  /** Whether the server can do its work now; rejects with why not. */
  ready: () => Promise<void>;
  /** What is told of a process that lives, and of one that is ready. */
  health(): Readonly<Record<string, string>>;
  standing(): Readonly<Record<string, string>>;
  metrics: () => Promise<{ type: string; text: string }>;
}

/** @returns whether that was asked @throws MienError as `authorizeProbe` does */
export async function answerProbe(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  options: ProbeOptions,
): Promise<boolean> {
  if (path === '/health') answerJson(response, 200, { status: 'ok', ...options.health() });
  else if (path === '/ready') {
    await authorizeProbe(request, options.auth);
    await answerReady(response, options);
  } else if (path === '/metrics') {
    await authorizeMetrics(request, options.auth);
    const { type, text } = await options.metrics();
    response.writeHead(200, { 'content-type': type }).end(text);
  } else return false;
  return true;
}

async function answerReady(response: ServerResponse, { ready, standing }: ProbeOptions): Promise<void> {
  try {
    await ready();
    answerJson(response, 200, { status: 'ready', ...standing() });
  } catch (error) {
    answerJson(response, 503, { status: error instanceof Error ? error.message : 'not ready' });
  }
}
