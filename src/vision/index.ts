/** vision: frames become readings, in worker threads, on the best device that works. */
import { EXPRESSIONS } from '../domain/face.ts';
import type { Log } from '../domain/log.ts';
import {
  type DetectorCard,
  type EnsembleCard,
  type Models,
  readModels,
  toldActionUnits,
} from './models/model-manifest.ts';
import { fileOf, type Precision } from './models/precision.ts';
import { type Device, mayHaveGpu } from './runtime/inference-session.ts';
import type { VisionMetrics, VisionStats } from './workers/work-tally.ts';
import { type Analyser, type Pool, startPool } from './workers/worker-pool.ts';

export type { Precision } from './models/precision.ts';
export type { Device } from './runtime/inference-session.ts';
export type { VisionMetrics, VisionStats } from './workers/work-tally.ts';

export interface VisionConfig {
  /** Folder of detector.json, ensemble.json and the files that they name. */
  modelsDir: string;
  /** `auto`: the first that works of tensorrt, cuda, webgpu, cpu. */
  device: Device | 'auto';
  /**
   * `int8`: convolutions in eight-bit integers, on the CPU; `auto`: for each file what a run at the start has shown to be
   * clearly faster on this processor, so that readings may differ a little from machine to machine. `single` by default.
   */
  precision?: Precision | 'auto' | undefined;
  /** Vision workers, each with two threads of models (CPU) or one (GPU); by default one for every four cores, and one for a GPU. */
  workers?: number | undefined;
  /** Threads within one operator (CPU); by default half of the cores, shared out. */
  intraOpThreads?: number | undefined;
  /** Frames from one detection to the next while no track is in doubt; 5 by default. */
  detectEvery?: number | undefined;
  /** Faces in one run of the ensemble; 32 by default. */
  maxBatch?: number | undefined;
  /** Whether it is measured at the start, by a few runs, how fast the models are. */
  measure?: boolean | undefined;
  /** A worker that has frames and answers none for so many seconds hangs, and is replaced; 60 by default. */
  hungAfter?: number | undefined;
  metrics?: Partial<VisionMetrics> | undefined;
  log?: Pick<Log, 'info' | 'warn'> | undefined;
}

export interface ModelInfo {
  /** `name@version`, and `+int8` behind it where the file in integers runs. */
  id: string;
  name: string;
  version: string;
  /** Of the file that runs. */
  sha256: string;
  precision: Precision;
  kind: 'detector' | 'ensemble';
  device: Device;
  license: string;
  /** Side of the square crop (ensemble), or longer side of the picture (detector), in pixels. */
  inputSize: number;
  /** Expressions in the order of EXPRESSIONS (ensemble). */
  labels?: readonly string[];
  /** In the order of `RawReading.actionUnits` (ensemble). */
  actionUnits?: readonly string[];
  /** `confidence`: below it mien abstains; `quality`: below it a reading is doubted (ensemble). */
  thresholds?: { confidence: number; quality: number };
  /** As the card gives them. */
  metrics: unknown;
  trainingData: unknown;
}

export interface Vision {
  /**
   * One session's faces. Track numbers begin at 1 for each.
   * @param realtime its frames come one at a time, as live ones do (false by default): it takes turns with other such
   *   streams at the detector. The readings of a recording depend on its own frames alone.
   */
  open(sessionId: string, realtime?: boolean): Analyser;
  /** The detector, then the ensemble. */
  models: ModelInfo[];
  /** Frames a second, with one face each, that the models could score if they did nothing else; null: not measured. */
  modelRate: number | null;
  stats(): VisionStats;
  /** Stops the workers; frames that are not answered reject with WorkerLost. */
  close(): Promise<void>;
}

/**
 * Reads the models' cards and starts the workers.
 * @throws MienError MODEL_INVALID (a card or file is at fault) or DEVICE_UNAVAILABLE (a device or precision that was
 * asked for by name does not come up)
 */
export async function createVision(config: VisionConfig): Promise<Vision> {
  const { modelsDir, device, precision = 'single', metrics = {}, log } = config;
  const models = await readModels(modelsDir);
  const pool = await startPool({
    models,
    // Integers are for the CPU; who asks for them by name has said where.
    device: precision === 'int8' && device === 'auto' ? 'cpu' : device,
    precision,
    workers: config.workers,
    intraOpThreads: config.intraOpThreads,
    detectEvery: config.detectEvery ?? 5,
    maxBatch: config.maxBatch ?? 32,
    measure: config.measure ?? false,
    hungAfter: config.hungAfter ?? 60,
    metrics,
    onDeath: (reason) => log?.warn({ reason }, 'A vision worker died; it is being replaced'),
  });
  tellDevice(pool, log);
  tellPrecisions(pool, log);
  return {
    open: (_sessionId, realtime = false) => pool.open(realtime),
    models: describeModels(models, pool),
    modelRate: pool.modelRate,
    stats: pool.stats,
    close: pool.close,
  };
}

function tellDevice({ device, skipped }: Pick<Pool, 'device' | 'skipped'>, log: VisionConfig['log']): void {
  // Why each kind of GPU does not do is of interest where there is one.
  if (skipped.length === 0) log?.info({}, `the models run on: ${device}`);
  else if (mayHaveGpu()) log?.info({ passedOver: skipped }, `the models run on: ${device}`);
  else log?.info({}, `no GPU was found, so the models run on ${device === 'cpu' ? 'the CPU' : device}`);
}

/** What was tried in integers, and what came of it. */
function tellPrecisions({ tried }: Pick<Pool, 'tried'>, log: VisionConfig['log']): void {
  for (const { kind, chosen, ratio, fault } of tried) {
    const fields = {
      model: kind,
      precision: chosen,
      ...(ratio !== null && { ratio: Number(ratio.toFixed(3)) }),
    };
    if (fault !== null) log?.warn(fields, `the ${kind} runs in single precision: in integers ${fault}`);
    else if (ratio === null) log?.info(fields, `the ${kind} runs in integers, as was asked`);
    else
      log?.info(
        fields,
        `the ${kind} runs in ${chosen === 'int8' ? 'integers' : 'single precision'}: integers take ${ratio.toFixed(2)} of its time on this processor`,
      );
  }
}

function describeModels(
  { detector, ensemble }: Models,
  { device, precisions }: Pick<Pool, 'device' | 'precisions'>,
): ModelInfo[] {
  const { confidence, quality } = ensemble.thresholds;
  return [
    {
      ...describeCard(detector, precisions.detector),
      kind: 'detector',
      device,
      inputSize: detector.input.longerSide,
    },
    {
      ...describeCard(ensemble, precisions.ensemble),
      kind: 'ensemble',
      device,
      inputSize: ensemble.input.size,
      labels: EXPRESSIONS,
      actionUnits: toldActionUnits(ensemble).map(({ name }) => name),
      thresholds: { confidence, quality },
    },
  ];
}

function describeCard(card: DetectorCard | EnsembleCard, precision: Precision) {
  const { name, version, license, trainingData } = card;
  const { sha256, metrics } = fileOf(card, precision);
  return {
    id: `${name}@${version}${precision === 'int8' ? '+int8' : ''}`,
    ...{ name, version, sha256, precision, license },
    metrics: metrics ?? null,
    trainingData: trainingData ?? null,
  };
}
