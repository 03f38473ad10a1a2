/** The vision workers. Each stream stays with one of them, which keeps its tracks. */
import { availableParallelism } from 'node:os';
import type { FrameReadings } from '../../domain/face.ts';
import type { Frame, FrameSize } from '../../domain/frame.ts';
import { smallestFaceIn } from '../detection/search-plan.ts';
import type { Models } from '../models/model-manifest.ts';
import { ALL_SINGLE, MODEL_KINDS, type Precision, type Precisions } from '../models/precision.ts';
import type { PrecisionChoice } from '../runtime/choose-precisions.ts';
import { DEVICES, type Device, unavailableReason } from '../runtime/inference-session.ts';
import { choosePrecisionsBeside } from './spawn-precision-worker.ts';
import { SupervisedWorker } from './supervised-worker.ts';
import { createWorkTally, type VisionMetrics, type VisionStats } from './work-tally.ts';
import type { ReadyMessage } from './worker-protocol.ts';

export interface PoolOptions {
  models: Models;
  device: Device | 'auto';
  /** `auto`: on a CPU, what is clearly faster, by a measure. */
  precision: Precision | 'auto';
  workers: number | undefined;
  /** Threads within one operator (CPU only). */
  intraOpThreads: number | undefined;
  detectEvery: number;
  maxBatch: number;
  /** Whether it is measured how fast the models are. */
  measure: boolean;
  /** Seconds. */
  hungAfter: number;
  metrics: Partial<VisionMetrics>;
  onDeath(reason: string): void;
}

/** One stream's faces. */
export interface Analyser {
  /** The next frame may be given before this one is answered. Rejects with WorkerLost when its worker dies. */
  analyse(frame: Frame): Promise<FrameReadings>;
  /** Side in pixels of the smallest face that can be found in frames of this size. */
  smallestFace(frame: FrameSize): number;
  /** Resolves once the frames that were given are answered. */
  close(): Promise<void>;
}

export interface Pool {
  device: Device;
  precisions: Precisions;
  /** Of each file that was tried in integers, how that went; of a GPU none. */
  tried: PrecisionChoice['tried'];
  /** Devices that `auto` passed over, each with the reason. */
  skipped: string[];
  /** Frames a second that the models of all workers could score if they did nothing else; null: not measured. */
  modelRate: number | null;
  /** @param realtime whether its frames come one at a time, as live ones do */
  open(realtime: boolean): Analyser;
  stats(): VisionStats;
  close(): Promise<void>;
}

const CORES_PER_WORKER = 4;

/** Starts the workers. @throws MienError DEVICE_UNAVAILABLE or MODEL_INVALID, and leaves no worker behind then */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const { models, detectEvery, maxBatch, measure } = options;
  const workers: SupervisedWorker[] = [];
  const tally = createWorkTally(options, workers);
  // Once for all threads of the models, and their replacements: what is read of a face does not depend on who was free.
  const { precisions, tried } = await precisionsFor(options);
  const start = (
    device: Device | 'auto',
    { modelThreads, intraOpThreads }: PoolShape,
  ): Promise<ReadyMessage> => {
    const shape = { modelThreads, intraOpThreads, detectEvery, maxBatch };
    const worker = new SupervisedWorker(
      { models, device, precisions, ...shape, measure: measure && workers.length === 0 },
      options.hungAfter * 1000,
      tally.events,
    );
    workers.push(worker);
    return worker.start();
  };
  const close = async () => void (await Promise.all(workers.map((worker) => worker.stop())));
  try {
    // The first worker finds the device; the others take the same.
    const first = await start(options.device, shapeFor(likelyDevice(options.device), options));
    const { device, skipped, modelRate } = first;
    const shape = shapeFor(device, options);
    await Promise.all(Array.from({ length: shape.workers - 1 }, () => start(device, shape)));
    let stream = 0;
    const modelThreads = shape.workers * shape.modelThreads;
    return {
      ...{ device, skipped, tried: device === 'cpu' ? tried : [], precisions: first.precisions },
      modelRate: modelRate === undefined ? null : modelRate * shape.workers,
      open: (realtime) => openAnalyser(workers, stream++, realtime, models),
      stats: () => ({ ...tally.stats(), modelThreads }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A GPU that is asked for by name computes in single precision, and nothing is tried. */
async function precisionsFor({ models, device, precision }: PoolOptions): Promise<PrecisionChoice> {
  const tryable = device === 'cpu' || device === 'auto';
  const has = MODEL_KINDS.some((kind) => models[kind].int8);
  if (!tryable || precision === 'single' || (precision === 'auto' && !has))
    return { precisions: ALL_SINGLE, tried: [] };
  return choosePrecisionsBeside(models, precision);
}

interface PoolShape {
  workers: number;
  /** Model workers of each. */
  modelThreads: number;
  /** Threads within one operator. */
  intraOpThreads: number;
}

/**
 * Half of the cores within one operator, and two runs at a time (CPU). A run's threads sleep between operators, and
 * waking them costs more than they bring where faces are few: on two cores, one face took 3.9 ms of one thread, or
 * 3.4 ms of two and half as much processor time again. Two runs beside each other took the time of one: three faces
 * of a clip were scored a third faster than with one thread of models.
 * The fewer the workers, the more streams share a batch. A GPU is fed by one.
 */
function shapeFor(device: Device, { workers, intraOpThreads }: PoolOptions): PoolShape {
  const cores = availableParallelism();
  const count = workers ?? (device === 'cpu' ? Math.max(1, Math.round(cores / CORES_PER_WORKER)) : 1);
  return {
    workers: count,
    modelThreads: device === 'cpu' ? Math.min(2, cores) : 1,
    intraOpThreads: intraOpThreads ?? Math.max(1, Math.floor(cores / 2 / count)),
  };
}

/** The device that will be taken: `auto` is the CPU where there is nothing else to try. */
function likelyDevice(device: Device | 'auto'): Device {
  if (device !== 'auto') return device;
  return DEVICES.find((one) => unavailableReason(one) === null)!;
}

/** With the worker that has the fewest streams. */
function openAnalyser(
  workers: readonly SupervisedWorker[],
  stream: number,
  realtime: boolean,
  { detector }: Models,
): Analyser {
  const worker = workers.reduce((least, other) => (other.streams < least.streams ? other : least));
  worker.open(stream, realtime);
  return {
    analyse: (frame) => worker.analyse(stream, frame),
    smallestFace: (frame) => smallestFaceIn(frame, detector),
    close: () => worker.close(stream),
  };
}
