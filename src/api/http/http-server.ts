/** The one port: the dashboard, GraphQL, uploads, health and metrics, each behind the same judgement of origins. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type OriginPolicy, setCorsHeaders } from './origins.ts';
import type { StaticFiles } from './static-files.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface HttpServerOptions {
  origins: OriginPolicy;
  graphql: Handler;
  upload: Handler;
  /** Whether the server can do its work now; rejects with why not. */
  ready: () => Promise<void>;
  metrics: () => Promise<{ type: string; text: string }>;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Everything else; false: there is no such page. */
  staticFiles: StaticFiles;
}

const GRAPHQL = '/graphql';
const ORIGIN_REFUSED = {
  errors: [
    {
      message: 'Pages of this origin may not call this server: have MIEN_ALLOWED_ORIGINS name it.',
      extensions: { code: 'ORIGIN_REFUSED' },
    },
  ],
};

export function createHttpServer(options: HttpServerOptions): Server {
  const { origins } = options;
  const server = createServer((request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    if (!origins.allows(request)) return json(response, 403, ORIGIN_REFUSED);
    setCorsHeaders(request, response);
    route(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else json(response, 500, { status: 'error' });
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const path = pathOf(request);
    socket.on('error', () => socket.destroy());
    if (path !== GRAPHQL) return rejectUpgrade(socket, '404 Not Found');
    if (!origins.allows(request)) return rejectUpgrade(socket, '403 Forbidden');
    options.upgrade(request, socket, head);
  });
  return server;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
): Promise<void> {
  const path = pathOf(request);
  if (path === GRAPHQL) {
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else await options.graphql(request, response);
  } else if (path === '/uploads') {
    if (request.method === 'POST') await options.upload(request, response);
    else if (request.method === 'OPTIONS') response.writeHead(204).end();
    else json(response, 405, { status: 'POST a video here' }, { allow: 'POST' });
  } else if (path === '/health') json(response, 200, { status: 'ok' });
  else if (path === '/ready') await answerReady(response, options);
  else if (path === '/metrics') {
    const { type, text } = await options.metrics();
    response.writeHead(200, { 'content-type': type }).end(text);
  } else if (!options.staticFiles(path, request, response)) {
    json(response, 404, { status: `nothing is at ${path}; the dashboard is at / and GraphQL at ${GRAPHQL}` });
  }
}

async function answerReady(response: ServerResponse, { ready }: HttpServerOptions): Promise<void> {
  try {
    await ready();
    json(response, 200, { status: 'ready' });
  } catch (error) {
    json(response, 503, { status: error instanceof Error ? error.message : 'not ready' });
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(`${JSON.stringify(body)}\n`);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split('?');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function rejectUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
