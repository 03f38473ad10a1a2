/** The one port: the dashboard, GraphQL, uploads, health and metrics, each behind the same gate. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Requester } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { type ConnectionLimits, limitConnections } from '../admission/limit-connections.ts';
import type { Refusal } from '../admission/refusal.ts';
import type { RequestRate } from '../admission/request-rate.ts';
import { type BodyPace, watchBody } from '../admission/slow-bodies.ts';
import { cutStandstills } from '../admission/standstill.ts';
import { type Auth, refusalOf } from '../auth/auth.ts';
import { addressRefusal } from '../auth/credentials.ts';
import { answerJson } from '../errors/answer-json.ts';
import type { ExportEndpoint } from '../export/export-endpoint.ts';
import type { MediaEndpoint } from '../media/media-endpoint.ts';
import type { PreviewEndpoint } from '../preview/preview-endpoint.ts';
import type { PushEndpoint } from '../push/push-endpoint.ts';
import { acceptsPage, dropRefusedTypes } from './accept-headers.ts';
import {
  authorizeExport,
  authorizeUpload,
  proveToCommand,
  refuse,
  refuseSender,
} from './authorize-request.ts';
import { compressAnswer } from './compress-answers.ts';
import type { Gate } from './gate.ts';
import type { GraphiqlPage } from './graphiql.ts';
import { setCorsHeaders } from './origins.ts';
import { UPGRADES } from './other-upgrades.ts';
import { preflightRefusal } from './preflight.ts';
import { answerProbe, type ProbeOptions } from './probes.ts';
import type { StaticFiles } from './static-files.ts';
import { answerUpgrades, type Upgrades } from './upgrades.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, requester: Requester) => unknown;

export interface HttpServerOptions extends ProbeOptions {
  gate: Gate;
  auth: Auth;
  rate: RequestRate;
  connections: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>;
  /** How fast headers and bodies must come. */
  pace: Pick<BodyPace, 'bytesPerSecond' | 'patienceMs'>;
  /** Told of each that is not let in. */
  onRefused: (code: string) => void;
  graphql: Handler;
  graphiql: GraphiqlPage;
  upload: (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    requester: Requester | null,
  ) => unknown;
  /** Video that is sent to streams. */
  push: Pick<PushEndpoint, 'handle' | 'upgrade'>;
  exports: ExportEndpoint;
  media: MediaEndpoint;
  preview: PreviewEndpoint;
  /** What shows a command that this is the server whose secret it knows. */
  proofOf: (challenge: string) => string;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** What lies at /auth/…; false: there is no such thing. */
  signIn: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;
  /** Everything else; false: there is no such page. */
  staticFiles: StaticFiles;
  /** The page for people who are filmed, open to all. */
  notice: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  log: Log;
}

const GRAPHQL = '/graphql';
/** What is no page may load nothing and be framed by nobody; pages say themselves what they may. */
export const EVERY_ANSWER = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-resource-policy', 'same-origin'],
] as const;
/** @returns a server that does not listen yet */
export function createHttpServer(options: HttpServerOptions): Server {
  const { log, pace, onRefused } = options;
  const timeouts = {
    headersTimeout: pace.patienceMs,
    connectionsCheckingInterval: Math.ceil(pace.patienceMs / 3),
  };
  // Bodies are watched for their rate instead of their whole time.
  const server = createServer({ ...timeouts, ...UPGRADES, requestTimeout: 0 }, (request, response) => {
    const path = pathOf(request);
    for (const [name, value] of EVERY_ANSWER) response.setHeader(name, value);
    const refusal = admit(request, path, options) ?? preflightRefusal(request, path);
    if (refusal !== null) onRefused(refusal.code);
    if (refusal !== null) return refuse(response, refusal);
    setCorsHeaders(request, response);
    // Video comes as fast as it is made; that it comes at all is watched by its session.
    if (!isIngest(path)) watchBody(request, response, { ...pace, onRefused });
    route(request, response, path, options).catch((error: unknown) => {
      const refused = response.headersSent ? null : refusalOf(error);
      if (refused !== null) return refuseSender(request, response, refused);
      log.error(
        { err: error, method: request.method, path: withoutSecret(path) },
        'a request failed unexpectedly',
      );
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { status: 'error' });
    });
  });
  answerUpgrades(server, webSocketsOf(options));
  limitConnections(server, { ...options.connections, isProxy: options.auth.remote.isProxy, onRefused });
  cutStandstills(server);
  return server;
}

/** What is asked of every request before its kind is looked at. */
function admit(
  request: IncomingMessage,
  path: string,
  { gate, rate, auth }: HttpServerOptions,
): Refusal | null {
  const tooMany = path === '/health' ? null : rate(auth.remote.addressOf(request));
  return tooMany ?? gate(request, path) ?? addressRefusal(request);
}

function webSocketsOf(options: HttpServerOptions): Upgrades {
  return {
    onRefused: options.onRefused,
    refusalOf(request) {
      const path = pathOf(request);
      return path === GRAPHQL || isIngest(path) ? admit(request, path, options) : NO_SOCKET_HERE;
    },
    open(request, socket, head) {
      const path = pathOf(request);
      if (path === GRAPHQL) options.upgrade(request, socket, head);
      else options.push.upgrade(request, socket, head, path);
    },
  };
}

const isIngest = (path: string): boolean => path.startsWith('/ingest/');

/** As it may be logged. */
const withoutSecret = (path: string): string => (isIngest(path) ? '/ingest/…' : path);

const NO_SOCKET_HERE: Refusal = { status: 404, code: 'NOT_FOUND', message: `WebSockets are at ${GRAPHQL}.` };

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  options: HttpServerOptions,
): Promise<void> {
  if (path === GRAPHQL) await answerGraphQL(request, response, options);
  else if (path === '/uploads' || path.startsWith('/uploads/')) {
    await options.upload(request, response, path, await authorizeUpload(request, response, options.auth));
  } else if (isIngest(path)) await options.push.handle(request, response, path);
  else if (path.startsWith('/export/')) {
    const requester = await authorizeExport(request, response, options.auth);
    compressAnswer(request, response);
    await options.exports(request, response, path, requester);
  } else if (path.startsWith('/media/')) {
    await options.media(request, response, path, await authorizeExport(request, response, options.auth));
  } else if (path.startsWith('/preview/')) {
    await options.preview(request, response, path, await authorizeExport(request, response, options.auth));
  } else if (path === '/command') {
    answerJson(response, 200, { proof: proveToCommand(request, options.proofOf) });
  } else if (await answerProbe(request, response, path, options)) {
    // It is answered.
  } else if (path.startsWith('/auth/') && (await options.signIn(request, response, path))) {
    // It is answered.
  } else if (path === '/notice') await options.notice(request, response);
  else if (!(await options.staticFiles(path, request, response))) {
    answerJson(response, 404, {
      status: `nothing is at ${path}; the dashboard is at / and GraphQL at ${GRAPHQL}`,
    });
  }
}

async function answerGraphQL(
  request: IncomingMessage,
  response: ServerResponse,
  { auth, graphiql, graphql }: HttpServerOptions,
): Promise<void> {
  if (request.method === 'OPTIONS') response.writeHead(204).end();
  else if (request.method === 'GET' && acceptsPage(request)) await graphiql(request, response);
  else {
    const requester = await auth.identify(request, 'VIEWER');
    dropRefusedTypes(request);
    compressAnswer(request, response);
    await graphql(request, response, requester);
  }
}

export function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split('?');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
