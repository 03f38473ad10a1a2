/** `mien serve`: opens the parts one upon the other, runs until asked to end, and closes them in reverse. */
import { DEMO_SUBSCRIPTION, openApi } from '../api/index.ts';
import type { Config } from '../config.ts';
import type { Log } from '../domain/log.ts';
import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { registerDemo } from './demo.ts';
import type { Host } from './host.ts';
import { OpenParts } from './open-parts.ts';
import { createRecordingQueries } from './recording-queries.ts';
import {
  assertReady,
  createBus,
  createStreamManager,
  makeDirectories,
  openServerStore,
  openSubscriptions,
  openUploads,
} from './server-parts.ts';
import { logFfmpegLines, openIngest, openVision, storeModels, visionMetrics } from './services.ts';

/** Sources stopped, moments stored, sockets closed: all of it. */
const DRAIN_MS = 9_500;

/** Serves until the process is asked to end; gives the exit code. @throws MienError what kept it from starting */
export async function serve(config: Config, host: Host): Promise<number> {
  const log = createLog(config.logLevel, host.stderr.isTTY === true);
  const parts = new OpenParts(log);
  try {
    const url = await openServer(config, log, parts);
    host.stdout.write(greeting(url));
    const signal = await host.stopped;
    log.info({ signal }, 'stopping: sources first, then what waits to be stored, then sockets');
  } catch (error) {
    await parts.closeAll();
    throw error;
  }
  const late = setTimeout(() => {
    log.error({}, 'not everything closed in time');
    host.exit(1);
  }, DRAIN_MS);
  await parts.closeAll();
  clearTimeout(late);
  log.info({}, 'stopped');
  return 0;
}

/** @returns where it can be reached */
async function openServer(config: Config, log: Log, parts: OpenParts): Promise<string> {
  const metrics = parts.add(createMetrics());
  const store = parts.add(await openServerStore(config, metrics, log));
  const vision = parts.add(await openVision(config, { metrics: visionMetrics(metrics), log }));
  const ingest = parts.add(openIngest(config, { onLog: logFfmpegLines(config, log) }));
  const bus = parts.add(createBus(metrics, log));
  await makeDirectories(config);
  const uploads = parts.add(openUploads(config, store, log));
  const streamManager = createStreamManager({ config, metrics, store, vision, ingest, bus, uploads, log });
  const modelIds = await storeModels(store, vision);
  const subscriptions = openSubscriptions(store, bus);
  await streamManager.noteLeftoverSessions();
  const recordings = createRecordingQueries(store);
  const { host, port, allowedOrigins, uploadsDir, maxUpload } = config;
  const api = parts.add(
    await openApi({
      services: { prisma: store.prisma, recordings, subscriptions, streamManager, modelIds },
      ...{ log, metrics, host, port, allowedOrigins, uploadsDir, maxUpload },
      ready: () => assertReady(store, streamManager),
    }),
  );
  // Last, so that it is closed first: its sessions drain while all that they need is open.
  parts.add(streamManager);
  await api.warmUp().catch((error: unknown) => log.warn({ err: error }, 'the first requests will be slow'));
  await streamManager.restoreDesiredState();
  if (config.demo) await registerDemo(store, streamManager, config, log);
  log.info({ url: api.url, models: modelIds }, 'serving');
  return api.url;
}

function greeting(url: string): string {
  return `
mien serves at ${url}/graphql, and its dashboard at ${url}/

Open the dashboard in a browser to watch; or open the first address, and paste:

${DEMO_SUBSCRIPTION}

`;
}
