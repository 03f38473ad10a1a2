/** The API: opens the port on everything that `main` hands over, and closes it with a reason. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Log } from '../domain/log.ts';
import type { Metrics } from '../metrics.ts';
import { createContextFactory, type Services } from './context/context.ts';
import { createMaskError } from './errors/mask-errors.ts';
import { createFanout, type Fanout } from './fanout/fanout.ts';
import { createHttpServer } from './http/http-server.ts';
import { createOriginPolicy } from './http/origins.ts';
import { openStaticFiles } from './http/static-files.ts';
import { openUploadEndpoint } from './http/upload-endpoint.ts';
import { warmUp } from './http/warm-up.ts';
import { schema } from './schema/index.ts';
import { createWsServer, type WsServer } from './transports/ws-server.ts';
import { createGraphQL } from './yoga.ts';

export type { Services } from './context/context.ts';
export type * from './context/ports.ts';
export { DEMO_SUBSCRIPTION } from './http/graphiql.ts';

/** Subscriptions and queries that one WebSocket carries at a time. */
const MAX_OPERATIONS = 100;
/** How long answers under way may take after closing has begun. */
const LAST_ANSWERS_MS = 3_000;

export interface ApiOptions {
  services: Services;
  log: Log;
  metrics: Metrics;
  host: string;
  port: number;
  allowedOrigins: readonly string[];
  uploadsDir: string;
  maxUpload: number;
  ready: () => Promise<void>;
  maxOperations?: number;
}

export interface Api {
  /** As a browser would be given it. */
  url: string;
  port: number;
  /** Asks itself what clients ask, so that no client's request is the first of its kind. @throws when it does not answer */
  warmUp(): Promise<void>;
  /** Ends subscriptions with SHUTTING_DOWN, closes sockets with a reason, waits a little for answers under way. */
  close(): Promise<void>;
}

export async function openApi(options: ApiOptions): Promise<Api> {
  const { log, metrics } = options;
  const createContext = createContextFactory(options.services);
  const maskError = createMaskError(log);
  const fanout = createFanout({ createContext, maskError, onOverflow: () => metrics.queueOverflow.inc() });
  const sse = gauge(metrics, 'sse', 'onSseOpen', 'onSseClose');
  const graphql = createGraphQL({ schema, createContext, maskError, fanout, log, ...sse });
  const webSockets = createWsServer({
    ...{ prepare: graphql.prepare, execute: graphql.execute, fanout, maskError, log },
    maxSubscriptions: options.maxOperations ?? MAX_OPERATIONS,
    ...gauge(metrics, 'websocket', 'onOpen', 'onClose'),
  });
  const uploads = await openUploadEndpoint({
    directory: options.uploadsDir,
    maxBytes: options.maxUpload,
    log,
  });
  const server = createHttpServer({
    origins: createOriginPolicy(options),
    graphql: graphql.handle,
    upload: uploads.handle,
    upgrade: webSockets.upgrade,
    ready: options.ready,
    metrics: async () => ({ type: metrics.registry.contentType, text: await metrics.registry.metrics() }),
    staticFiles: await openStaticFiles(),
  });
  await listen(server, options.port, options.host);
  const { address, port } = server.address() as AddressInfo;
  return {
    port,
    warmUp: () => warmUp(LOOPBACK_OF_ANY[address] ?? address, port),
    url: `http://${displayHost(options.host)}:${port}`,
    close: () => shutDown(server, fanout, webSockets),
  };
}

async function shutDown(server: Server, fanout: Fanout, webSockets: WsServer): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  fanout.close(
    new GraphQLError('mien is shutting down; connect again in a moment, with `after`.', {
      extensions: { code: 'SHUTTING_DOWN' },
    }),
  );
  await setImmediate(); // the last words of subscriptions go out before their sockets close
  await webSockets.close('mien is shutting down');
  const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
  const closeAll = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(closeAll);
}

/** Where a server that listens everywhere is found. */
const LOOPBACK_OF_ANY: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function gauge<Open extends string, Close extends string>(
  { subscribers }: Metrics,
  transport: string,
  open: Open,
  close: Close,
) {
  return {
    [open]: () => subscribers.inc({ transport }),
    [close]: () => subscribers.dec({ transport }),
  } as Record<Open | Close, () => void>;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function displayHost(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
