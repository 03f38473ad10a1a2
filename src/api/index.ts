/** The API: opens the port on everything that `main` hands over, and closes it with a reason. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authenticator } from '../access/authenticate.ts';
import type { Log } from '../domain/log.ts';
import type { Metrics } from '../metrics.ts';
import { limitStreams } from './admission/limit-streams.ts';
import { limitSubscribers, type SubscriberLimit } from './admission/limit-subscribers.ts';
import type { Limits } from './admission/limits.ts';
import { createRequestRate, type RequestRate, toldOf } from './admission/request-rate.ts';
import { auditRefusedSubscriptions } from './audit/refusals.ts';
import { type Auth, createAuth } from './auth/auth.ts';
import { type CreateContext, createContextFactory, type Services } from './context/context.ts';
import type { Senders } from './context/push-port.ts';
import { countSubscribers } from './count-subscribers.ts';
import { createMaskError } from './errors/mask-errors.ts';
import { createExportEndpoint } from './export/export-endpoint.ts';
import { createFanout, type Fanout } from './fanout/fanout.ts';
import { createGate } from './http/gate.ts';
import { createGraphiqlPage } from './http/graphiql.ts';
import { createHttpServer } from './http/http-server.ts';
import { trackIdleConnections } from './http/idle-connections.ts';
import { displayHost, LOOPBACK_OF_ANY, listen } from './http/listen.ts';
import { shutDown } from './http/shut-down.ts';
import { openStaticFiles } from './http/static-files.ts';
import { warmUp } from './http/warm-up.ts';
import { createMediaEndpoint } from './media/media-endpoint.ts';
import { createNotice, NOTHING_SAID, type NoticeOptions } from './notice/notice.ts';
import type { PersistedDocuments } from './persisted/persisted-documents.ts';
import { createPreviewEndpoint } from './preview/preview-endpoint.ts';
import { createPushEndpoint, type PushEndpoint } from './push/push-endpoint.ts';
import { schema } from './schema/index.ts';
import { createSignInEndpoint, type SignInOptions } from './sign-in/sign-in-endpoint.ts';
import { traceSubscriptions } from './trace-operations.ts';
import { createWsServer, type WsServer } from './transports/ws-server.ts';
import { openUploadEndpoint, type UploadEndpoint, type UploadOptions } from './uploads/upload-endpoint.ts';
import { createGraphQL, type GraphQLOptions, type GraphQLServer } from './yoga.ts';

export { clientKey } from './admission/client-key.ts';
export type { Services } from './context/context.ts';
export type * from './context/output-port.ts';
export type * from './context/ports.ts';
export type * from './context/push-port.ts';
export { DEMO_SUBSCRIPTION } from './http/graphiql.ts';
export { isLoopback } from './http/hosts.ts';
export { readPersistedDocuments } from './read-persisted-documents.ts';
export type { SignInEvent, SignInOptions } from './sign-in/sign-in-endpoint.ts';

/** Subscriptions and queries that one WebSocket carries at a time. */
const MAX_OPERATIONS = 100;
/** Slow bodies are gone within two of them. */
const PATIENCE_MS = 15_000;

export interface ApiOptions extends Pick<GraphQLOptions, 'tracer'> {
  services: Services;
  log: Log;
  metrics: Metrics;
  host: string;
  port: number;
  /** Web origins under which people reach the server; loopback, and what it listens on, need not be among them. */
  publicUrls: readonly string[];
  /** Proxies that are believed whom they ask for; none by default. */
  trustedProxies?: readonly string[];
  allowedOrigins: readonly string[];
  uploads: UploadOptions['files'];
  maxUpload: number;
  limits: Limits;
  /** Those who send video to streams; without it nobody can. */
  senders?: Senders;
  /** Within it headers must have come, and each stretch of a body must keep the least rate. */
  patienceMs?: number;
  /** Who is let in; without it everybody is. */
  authenticator?: Authenticator;
  /** How people sign in to the dashboard; without it nobody can. */
  signIn?: SignInOptions;
  /** By which mien shows itself who it is. */
  ownCredential?: string;
  /** What shows a command that this is the server whose secret it knows; without it, none is convinced. */
  proofOf?: (challenge: string) => string;
  /** Between two looks at whether what is open may stay so. */
  watchMs?: number;
  ready: () => Promise<void>;
  /** What `/ready` tells beside that it is. */
  standing?: () => Readonly<Record<string, string>>;
  /** Whether an error says that the database cannot answer now; clients are told so, not more. */
  isStoreAway?: (error: unknown) => boolean;
  /** What `/health` tells beside that the process lives. */
  health?: () => Readonly<Record<string, string>>;
  maxOperations?: number;
  /** Those that may be asked, by whoever is not mien itself; without it any may. */
  persistedDocuments?: PersistedDocuments | null;
  /** What `/notice` tells of this server. */
  notice?: NoticeOptions;
}

export interface Api {
  /** As a browser would be given it. */
  url: string;
  port: number;
  /** Where programs of this machine find it. */
  local: { host: string; port: number };
  /** Asks itself what clients ask, so that no client's request is the first of its kind. @throws when it does not answer */
  warmUp(): Promise<void>;
  /** Ends subscriptions with SHUTTING_DOWN, closes sockets with a reason, waits a little for answers under way. */
  close(): Promise<void>;
}

export async function openApi(options: ApiOptions): Promise<Api> {
  const { log, tracer, metrics, limits, persistedDocuments = null } = options;
  const onRefused = (code: string) => metrics.refused.inc({ code });
  const createContext = createContextFactory(limitServices(options, onRefused));
  const maskError = createMaskError(log, options.isStoreAway);
  const rate = createRequestRate(limits.requestRate);
  const subscribers = countSubscribers(metrics);
  const fanout = openFanout(options, { createContext, maskError, open: subscribers.open, onRefused });
  const auth = createAuth({ ...options, onRefused, audit: options.services.audit });
  const graphql = createGraphQL({
    ...{ schema, createContext, maskError, fanout, hold: auth.hold, tracer, log, persistedDocuments },
    audit: options.services.audit,
    ...subscribers.hooks('sse', 'onSseOpen', 'onSseClose'),
  });
  const webSockets = createWsServer({
    ...{ ...graphql, fanout, auth, maskError, log },
    ...{ maxSubscriptions: options.maxOperations ?? MAX_OPERATIONS, rate: toldOf(rate, onRefused) },
    ...subscribers.hooks('websocket', 'onOpen', 'onClose'),
  });
  const uploads = openUploadEndpoint({
    ...{ files: options.uploads, maxBytes: options.maxUpload, maxDisk: limits.uploadDisk },
    ...{ onRefused, audit: options.services.audit, log },
  });
  const push = openPush(options, auth, onRefused);
  const reading = readingEndpoints({ ...options, createContext });
  const parts = { auth, graphql, webSockets, uploads, ...reading, push, rate, onRefused };
  const { server, closeIdle, local } = await openServer(options, parts);
  return {
    port: local.port,
    local,
    warmUp: () => warmUp(local, options.ownCredential),
    url: `http://${displayHost(options.host)}:${local.port}`,
    async close() {
      await shutDown(server, closeIdle, { fanout, webSockets, push });
      await uploads.close();
      auth.close();
    },
  };
}

function openPush(options: ApiOptions, { remote }: Auth, onRefused: (code: string) => void): PushEndpoint {
  return createPushEndpoint({ ...options, audit: options.services.audit, remote, onRefused });
}

/** What is read of sessions without GraphQL. */
function readingEndpoints(options: ApiOptions & { createContext: CreateContext }) {
  return {
    exports: createExportEndpoint(options),
    media: createMediaEndpoint(options),
    preview: createPreviewEndpoint(options),
  };
}

/** With the limit of subscribers; what may not begin is in the audit. */
function openFanout(
  { metrics, limits, services, tracer }: ApiOptions,
  { createContext, ...rest }: { createContext: CreateContext } & Omit<SubscriberLimit, 'most'>,
): Fanout {
  const onOverflow = () => metrics.queueOverflow.inc();
  const fanout = createFanout({ createContext, maskError: rest.maskError, onOverflow });
  const audited = auditRefusedSubscriptions(fanout, services.audit);
  const limited = limitSubscribers(audited, { most: limits.subscribers, ...rest });
  return tracer ? traceSubscriptions(limited, tracer) : limited;
}

interface ServerParts extends ReturnType<typeof readingEndpoints> {
  auth: Auth;
  graphql: GraphQLServer;
  webSockets: WsServer;
  uploads: UploadEndpoint;
  push: PushEndpoint;
  rate: RequestRate;
  onRefused: (code: string) => void;
}

/** Listens. @returns with what closes the connections on which nothing is under way, and where programs of this machine find it */
async function openServer(options: ApiOptions, parts: ServerParts) {
  const server = await createServer(options, parts);
  const closeIdle = trackIdleConnections(server);
  await listen(server, options.port, options.host);
  const { address, port } = server.address() as AddressInfo;
  return { server, closeIdle, local: { host: LOOPBACK_OF_ANY[address] ?? address, port } };
}

async function createServer(
  options: ApiOptions,
  { auth, graphql, webSockets, uploads, exports, media, preview, push, rate, onRefused }: ServerParts,
): Promise<Server> {
  const { log, metrics, limits, services } = options;
  return createHttpServer({
    gate: createGate(options),
    connections: limits,
    pace: { bytesPerSecond: limits.minUploadRate, patienceMs: options.patienceMs ?? PATIENCE_MS },
    ...{ auth, rate, onRefused, log, ready: options.ready },
    graphql: (request, response, requester) => graphql.handle(request, response, { requester }),
    graphiql: createGraphiqlPage(options.persistedDocuments ?? null),
    upload: uploads.handle,
    ...{ exports, media, preview, push },
    proofOf: options.proofOf ?? (() => ''),
    upgrade: webSockets.upgrade,
    ...{ health: options.health ?? (() => ({})), standing: options.standing ?? (() => ({})) },
    metrics: async () => ({ type: metrics.registry.contentType, text: await metrics.registry.metrics() }),
    signIn: createSignInEndpoint(options.signIn, { auth, publicUrls: options.publicUrls }),
    staticFiles: await openStaticFiles(),
    notice: createNotice(options.notice ?? NOTHING_SAID, services.prisma, log),
  });
}

function limitServices({ services, limits }: ApiOptions, onRefused: (code: string) => void): Services {
  const count = () => services.prisma.stream.count();
  const streamManager = limitStreams(services.streamManager, { most: limits.streams, count, onRefused });
  return { ...services, streamManager };
}
