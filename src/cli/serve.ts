/** `mien serve`: opens the rooms one upon the other, runs until asked to end, and closes them in reverse. */

import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_SUBSCRIPTION, openApi } from '../api/index.ts';
import { MemoryBus } from '../bus/index.ts';
import { type Config, isDefaultMediaDir } from '../config.ts';
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { StreamManager } from '../sessions/index.ts';
import { openStore, type Store } from '../store/index.ts';
import { createSubscriptions } from '../subscriptions/index.ts';
import { rollUp } from '../timeline/index.ts';
import type { Host } from './host.ts';
import { libraryOf } from './recording-queries.ts';
import {
  ensembleOf,
  ffmpegLines,
  meterOf,
  noteModels,
  openIngest,
  openTimelines,
  openVision,
  visionMetrics,
} from './services.ts';
import { createUploadShelf } from './upload-store.ts';

const DEMO_CLIP = fileURLToPath(new URL('../../test/fixtures/demo.mp4', import.meta.url));
/** Sources stopped, moments stored, sockets closed: all of it. */
const DRAIN_MS = 9_500;

type Closer = () => void | Promise<void>;

/** Serves until the process is asked to end; gives the exit code. @throws MienError what kept it from starting */
export async function serve(config: Config, host: Host): Promise<number> {
  const log = createLog(config.logLevel, host.stderr.isTTY === true);
  const closers: Closer[] = [];
  try {
    const url = await open(config, log, closers);
    host.stdout.write(greeting(url));
    const signal = await host.stopped;
    log.info({ signal }, 'stopping: sources first, then what waits to be stored, then sockets');
  } catch (error) {
    await closeAll(closers, log);
    throw error;
  }
  const late = setTimeout(() => {
    log.error({}, 'not everything closed in time');
    host.exit(1);
  }, DRAIN_MS);
  await closeAll(closers, log);
  clearTimeout(late);
  log.info({}, 'stopped');
  return 0;
}

async function open(config: Config, log: Log, closers: Closer[]): Promise<string> {
  const metrics = createMetrics();
  closers.push(metrics.close);
  const store = await openStore({
    ...(config.databaseUrl !== null && { databaseUrl: config.databaseUrl }),
    ...(config.retentionDays > 0 && { retentionDays: config.retentionDays }),
    dataDir: config.dataDir,
    rollUp,
    metrics: { commitSeconds: (seconds) => metrics.commitSeconds.observe(seconds) },
    log,
  });
  closers.push(store.close);
  const vision = await openVision(config, { metrics: visionMetrics(metrics), log });
  closers.push(vision.close);
  const ingest = openIngest(config, { onLog: ffmpegLines(config, log) });
  closers.push(ingest.close);
  const bus = new MemoryBus({
    onOverflow: () => metrics.queueOverflow.inc(),
    onError: (error) => log.error({ err: error }, 'a subscriber failed'),
  });
  closers.push(() => bus.close());

  await mkdir(config.uploadsDir, { recursive: true });
  // One that was named and is not there is a mistake, which whoever asks for a file of it is told.
  if (isDefaultMediaDir(config)) await mkdir(config.mediaDir, { recursive: true });
  const uploads = createUploadShelf({
    directory: config.uploadsDir,
    isTaken: async (token) => (await store.streams.byUpload(token)).length > 0,
    log,
  });
  closers.push(uploads.close);
  const streams = new StreamManager({
    streams: store.streams,
    uploads,
    sessions: store.sessions,
    sink: store.moments,
    probe: ingest.probe,
    decode: ingest.decode,
    openAnalyser: vision.open,
    openTimeline: openTimelines(vision, true),
    publisher: bus,
    modelId: ensembleOf(vision).id,
    allowPurposes: config.allowPurposes,
    meter: meterOf(metrics),
    log,
  });
  const modelIds = await noteModels(store, vision);
  const live = createSubscriptions({
    streams: store.streams,
    sessions: store.sessions,
    history: store.moments,
    feed: bus,
    now: Date.now,
  });
  await streams.noteLeftoverSessions();
  const closing = { now: false };
  const api = await openApi({
    rooms: { prisma: store.prisma, library: libraryOf(store), live, conductor: streams, modelIds },
    ...{ log, metrics, host: config.host, port: config.port, allowedOrigins: config.allowedOrigins },
    uploadsDir: config.uploadsDir,
    maxUpload: config.maxUpload,
    ready: () => assertReady(store, closing),
  });
  closers.push(api.close);
  closers.push(() => {
    closing.now = true;
    return streams.close();
  });
  await api.warmUp().catch((error: unknown) => log.warn({ err: error }, 'the first requests will be slow'));
  await streams.restoreDesiredState();
  if (config.demo) await registerDemo(store, streams, config, log);
  log.info({ url: api.url, models: modelIds }, 'serving');
  return api.url;
}

async function assertReady(store: Store, closing: { now: boolean }): Promise<void> {
  if (closing.now) throw new MienError('SHUTTING_DOWN', 'mien is shutting down');
  await store.ping().catch((error: unknown) => {
    throw new MienError('STORE_UNAVAILABLE', 'the database does not answer', { cause: error });
  });
}

/** Gives an empty database something to watch: the clip of the repository, as if it had been uploaded. */
async function registerDemo(store: Store, streams: StreamManager, config: Config, log: Log): Promise<void> {
  if ((await store.streams.list({ first: 1 })).length > 0) return;
  if (!(await stat(DEMO_CLIP).catch(() => null))) return log.warn({}, 'there is no demo clip to watch');
  const token = randomBytes(16).toString('hex');
  await copyFile(DEMO_CLIP, join(config.uploadsDir, token));
  const demo = { name: 'Demo', purpose: 'RESEARCH', loop: true, realtime: true };
  await streams.register({ ...demo, source: { type: 'upload', token } }).catch((error: unknown) => {
    log.warn({ err: error }, 'the demo could not be started');
  });
}

function greeting(url: string): string {
  return `
mien serves at ${url}/graphql, and its dashboard at ${url}/

Open the dashboard in a browser to watch; or open the first address, and paste:

${DEMO_SUBSCRIPTION}

`;
}

/** In reverse; one that fails keeps none of the others open. */
async function closeAll(closers: Closer[], log: Log): Promise<void> {
  for (const close of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      log.error({ err: error }, 'something did not close');
    }
  }
}
