/** The vision workers: each stream stays with one of them, and each keeps the tracks of its streams and has threads for its models. */
import { availableParallelism } from 'node:os';
import type { RawReading } from '../../domain/face.ts';
import type { Frame } from '../../domain/frame.ts';
import { absence, DEVICES, type Device } from '../runtime/inference-session.ts';
import type { Models } from '../runtime/model-card.ts';
import { type Ready, Slot } from './supervised-worker.ts';
import type { Spent, WorkerSetup } from './worker-protocol.ts';

/** What is told of the work as it happens. Times in seconds. */
export interface VisionMetrics {
  /** Faces of one run of the ensemble. */
  batchSize(faces: number): void;
  /** From the first run for a frame to its readings: the longest of those that were answered together. */
  inferenceSeconds(seconds: number): void;
  /** Time in the detector since the answers before, where it was asked. */
  detectionSeconds(seconds: number): void;
  /** Frames that wait or are being scored, after each batch. */
  queueDepth(frames: number): void;
  workerDeaths(): void;
}

export interface PoolOptions {
  models: Models;
  device: Device | 'auto';
  workers: number | undefined;
  threads: number | undefined;
  detectEvery: number;
  maxBatch: number;
  /** Seconds. */
  hungAfter: number;
  metrics: Partial<VisionMetrics>;
  onDeath(reason: string): void;
}

/** Sums since the start; times in seconds. */
export interface VisionStats {
  workers: number;
  streams: number;
  queueDepth: number;
  frames: number;
  /** Frames that were searched for faces. */
  searched: number;
  /** Frames of these that were searched at half their size as well, for a large face. */
  halved: number;
  faces: number;
  detectionSeconds: number;
  ensembleSeconds: number;
  /** Sum of what `inferenceSeconds` was told. */
  totalSeconds: number;
  workerDeaths: number;
}

/** One stream's calls. */
export interface Analyser {
  analyse(frame: Frame): Promise<RawReading[]>;
  close(): Promise<void>;
}

export interface Pool {
  device: Device;
  skipped: string[];
  open(): Analyser;
  stats(): VisionStats;
  close(): Promise<void>;
}

const CORES_PER_WORKER = 4;

/** Starts the workers. Throws DEVICE_UNAVAILABLE or MODEL_INVALID, and leaves no worker behind then. */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const { models, detectEvery, maxBatch } = options;
  const slots: Slot[] = [];
  const tally = openTally(options, slots);
  const start = (device: Device | 'auto', { lanes, threads }: Shape): Promise<Ready> => {
    const setup: WorkerSetup = { models, device, lanes, threads, detectEvery, maxBatch };
    const slot = new Slot(setup, options.hungAfter * 1000, tally);
    slots.push(slot);
    return slot.start();
  };
  const close = async () => void (await Promise.all(slots.map((slot) => slot.stop())));
  try {
    // The first worker finds the device out; the others take the same.
    const { device, skipped } = await start(options.device, shapeFor(likely(options.device), options));
    const shape = shapeFor(device, options);
    await Promise.all(Array.from({ length: shape.workers - 1 }, () => start(device, shape)));
    let stream = 0;
    return { device, skipped, open: () => openAnalyser(slots, stream++), stats: tally.stats, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Half of the cores within one operator, and two runs at a time (CPU). A run's threads sleep between operators, and
 * waking them costs more than they bring where faces are few: on two cores, one face took 3.9 ms of one thread, or
 * 3.4 ms of two and half as much processor time again. Two runs beside each other took the time of one: three faces
 * of a clip were scored a third faster than with one thread of models.
 * The fewer the workers, the more streams share a batch. A GPU is fed by one.
 */
function shapeFor(device: Device, { workers, threads }: PoolOptions): Shape {
  const cores = availableParallelism();
  const count = workers ?? (device === 'cpu' ? Math.max(1, Math.round(cores / CORES_PER_WORKER)) : 1);
  return {
    workers: count,
    lanes: device === 'cpu' ? Math.min(2, cores) : 1,
    threads: threads ?? Math.max(1, Math.floor(cores / 2 / count)),
  };
}

interface Shape {
  workers: number;
  /** Threads of models per worker. */
  lanes: number;
  /** Threads within one operator. */
  threads: number;
}

/** The device that will be taken: `auto` is the CPU where there is nothing else to try. */
function likely(device: Device | 'auto'): Device {
  if (device !== 'auto') return device;
  return DEVICES.find((one) => absence(one) === null)!;
}

function openAnalyser(slots: readonly Slot[], stream: number): Analyser {
  const slot = slots.reduce((least, other) => (other.streams < least.streams ? other : least));
  slot.open(stream);
  return {
    analyse: (frame) => slot.analyse(stream, frame),
    close: () => slot.close(stream),
  };
}

function openTally({ metrics, onDeath }: PoolOptions, slots: readonly Slot[]) {
  const sums = {
    frames: 0,
    searched: 0,
    halved: 0,
    faces: 0,
    detectionSeconds: 0,
    ensembleSeconds: 0,
    totalSeconds: 0,
  };
  let workerDeaths = 0;
  const queueDepth = () => slots.reduce((depth, slot) => depth + slot.depth, 0);
  return {
    spent(spent: Spent) {
      for (const faces of spent.batches) {
        sums.faces += faces;
        metrics.batchSize?.(faces);
      }
      sums.frames += spent.frames;
      sums.searched += spent.searched;
      sums.halved += spent.halved;
      sums.detectionSeconds += spent.detection;
      sums.ensembleSeconds += spent.ensemble;
      sums.totalSeconds += spent.total;
      metrics.inferenceSeconds?.(spent.total);
      if (spent.searched > 0) metrics.detectionSeconds?.(spent.detection);
      metrics.queueDepth?.(queueDepth());
    },
    died(reason: string) {
      workerDeaths++;
      metrics.workerDeaths?.();
      onDeath(reason);
    },
    stats: (): VisionStats => ({
      workers: slots.length,
      streams: slots.reduce((count, slot) => count + slot.streams, 0),
      queueDepth: queueDepth(),
      ...sums,
      workerDeaths,
    }),
  };
}
