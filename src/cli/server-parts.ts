/** The parts of the server as its settings ask for them; `serve.ts` says which stands upon which. */
import { mkdir } from 'node:fs/promises';
import { MemoryBus } from '../bus/index.ts';
import { type Config, isDefaultMediaDir } from '../config.ts';
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import type { Ingest } from '../ingest/index.ts';
import type { Metrics } from '../metrics.ts';
import { StreamManager } from '../sessions/index.ts';
import { openStore, type Store } from '../store/index.ts';
import { createSubscriptions, type Subscriptions } from '../subscriptions/index.ts';
import { rollUp } from '../timeline/index.ts';
import type { Vision } from '../vision/index.ts';
import { createMeter, createTimelines, ensembleOf, storeMetrics } from './services.ts';
import { createUploadStore, type UploadStore } from './upload-store.ts';

export function openServerStore(config: Config, metrics: Metrics, log: Log): Promise<Store> {
  return openStore({
    ...(config.databaseUrl !== null && { databaseUrl: config.databaseUrl }),
    ...(config.retentionDays > 0 && { retentionDays: config.retentionDays }),
    dataDir: config.dataDir,
    rollUp,
    metrics: storeMetrics(metrics),
    log,
  });
}

export function createBus(metrics: Metrics, log: Log): MemoryBus {
  return new MemoryBus({
    onOverflow: () => metrics.queueOverflow.inc(),
    onError: (error) => log.error({ err: error }, 'a subscriber failed'),
  });
}

export async function makeDirectories(config: Config): Promise<void> {
  await mkdir(config.uploadsDir, { recursive: true });
  // One that was named and is not there is a mistake, which whoever asks for a file of it is told.
  if (isDefaultMediaDir(config)) await mkdir(config.mediaDir, { recursive: true });
}

export function openUploads({ uploadsDir: directory }: Config, { streams }: Store, log: Log): UploadStore {
  const isTaken = async (token: string) => (await streams.byUpload(token)).length > 0;
  return createUploadStore({ directory, isTaken, log });
}

/** What runs sessions stands upon. */
export interface ManagerParts {
  config: Config;
  metrics: Metrics;
  store: Store;
  vision: Vision;
  ingest: Ingest;
  bus: MemoryBus;
  uploads: UploadStore;
  log: Log;
}

export function createStreamManager(parts: ManagerParts): StreamManager {
  const { config, metrics, store, vision, ingest, bus, uploads, log } = parts;
  return new StreamManager({
    streams: store.streams,
    uploads,
    sessions: store.sessions,
    sink: store.moments,
    probe: ingest.probe,
    openSource: ingest.open,
    openAnalyser: vision.open,
    openTimeline: createTimelines(vision, true),
    publisher: bus,
    modelId: ensembleOf(vision).id,
    allowPurposes: config.allowPurposes,
    meter: createMeter(metrics),
    log,
  });
}

export function openSubscriptions({ streams, sessions, moments }: Store, bus: MemoryBus): Subscriptions {
  return createSubscriptions({ streams, sessions, history: moments, feed: bus, now: Date.now });
}

/** @throws MienError SHUTTING_DOWN, STORE_UNAVAILABLE: the server cannot answer requests now */
export async function assertReady(store: Store, streamManager: StreamManager): Promise<void> {
  if (streamManager.closing) throw new MienError('SHUTTING_DOWN', 'mien is shutting down');
  await store.ping().catch((error: unknown) => {
    throw new MienError('STORE_UNAVAILABLE', 'the database does not answer', { cause: error });
  });
}
