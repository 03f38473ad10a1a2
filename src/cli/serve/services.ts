/** Opens rooms as the commands need them, and fits what one offers to what another asks for. */
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { createIngest, type Ingest, type IngestConfig } from '../../ingest/index.ts';
import type { Metrics } from '../../metrics.ts';
import type { LoadDeps, OpenTimeline } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';
import { createTimeline } from '../../timeline/index.ts';
import { createVision, type Vision, type VisionConfig } from '../../vision/index.ts';

const BUILT_IN_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

export function openVision(config: Config, options: Partial<VisionConfig> = {}): Promise<Vision> {
  return createVision({
    modelsDir: config.modelsDir ?? BUILT_IN_MODELS,
    device: config.device,
    precision: config.precision,
    ...(config.workers !== null && { workers: config.workers }),
    ...options,
  });
}

/** The models' part of the metrics. */
export function visionMetrics(metrics: Metrics): VisionConfig['metrics'] {
  return {
    batchSize: (faces) => metrics.batchSize.observe(faces),
    inferenceSeconds: (seconds) => metrics.inferenceSeconds.observe(seconds),
    detectionSeconds: (seconds) => metrics.detectionSeconds.observe(seconds),
    queueDepth: (frames) => metrics.visionQueueDepth.set(frames),
    workerDeaths: () => metrics.workerDeaths.inc(),
  };
}

export function openIngest(config: Config, options: Partial<IngestConfig> = {}): Ingest {
  return createIngest({
    mediaDir: config.mediaDir,
    uploadsDir: config.uploadsDir,
    allowPrivateSources: config.allowPrivateSources,
    confine: config.confineFfmpeg,
    hardware: config.hwaccel,
    ...(config.deviceHost !== null && { deviceHost: config.deviceHost }),
    ...(config.ffmpegPath !== null && { ffmpegPath: config.ffmpegPath }),
    ...options,
  });
}

/** Timelines by the thresholds of the ensemble's card. */
export function createTimelines(vision: Vision): OpenTimeline {
  const thresholds = ensembleOf(vision).thresholds ?? { confidence: 0, quality: 0 };
  return createTimeline({ thresholds });
}

export function ensembleOf(vision: Vision): Vision['models'][number] {
  const ensemble = vision.models.find(({ kind }) => kind === 'ensemble');
  if (!ensemble) throw new Error('vision came up without an ensemble');
  return ensemble;
}

/** Notes in the store which models run, so that sessions can name theirs. Gives their ids. */
export async function storeModels(store: Store, vision: Vision): Promise<string[]> {
  for (const { labels = [], actionUnits = [], ...model } of vision.models) {
    const { id, name, version, sha256, kind, license, device, precision, metrics } = model;
    await store.models.upsert({
      ...{ id, name, version, sha256, kind, license, device, precision, metrics },
      labels: [...labels],
      actionUnits: [...actionUnits],
    });
  }
  return vision.models.map(({ id }) => id);
}

export function createMeter(metrics: Metrics) {
  return {
    decoded: (frames: number) => metrics.framesDecoded.inc(frames),
    scored: (frames: number) => metrics.framesScored.inc(frames),
    dropped: metrics.framesDropped,
  };
}

/** The load's part of the metrics. */
export function loadMetrics(metrics: Metrics): LoadDeps['metrics'] {
  return {
    effectiveFrameRate(stream, framesPerSecond) {
      if (framesPerSecond === null) metrics.effectiveFrameRate.remove({ stream });
      else metrics.effectiveFrameRate.set({ stream }, framesPerSecond);
    },
    overloaded: (streams) => metrics.overloadedStreams.set(streams),
    capacity: (framesPerSecond) => metrics.capacity.set(framesPerSecond),
  };
}

/** Says which ffmpeg decodes, and what it is not fit for. Without any, what is recorded can still be served. */
export async function logFfmpeg(ingest: Pick<Ingest, 'ffmpeg'>, log: Log): Promise<void> {
  try {
    const { path, version, caution } = await ingest.ffmpeg();
    log.info({ ffmpeg: { path, version } }, 'this ffmpeg decodes');
    if (caution !== null) log.warn({}, caution);
  } catch (error) {
    if (!(error instanceof MienError)) throw error;
    log.warn({}, error.message);
  }
}

/** ffmpeg's own words, for those who look at debug lines. */
export function logFfmpegLines({ logLevel }: Config, log: Log): ((line: string) => void) | undefined {
  const heard = logLevel === 'debug' || logLevel === 'trace';
  return heard ? (line) => log.debug({ ffmpeg: line }, 'ffmpeg') : undefined;
}
