/** What the workers did, told as it happens (metrics) and summed since the start (stats). */
import type { SupervisedWorker, WorkerEvents } from './supervised-worker.ts';

/** What is told of the work as it happens. Times in seconds. */
export interface VisionMetrics {
  /** Faces of one run of the ensemble. */
  batchSize(faces: number): void;
  /** From the first run for a frame to its readings: the longest of those that were answered together. */
  inferenceSeconds(seconds: number): void;
  /** Time in the detector since the answers before, where it was asked. */
  detectionSeconds(seconds: number): void;
  /** Frames of all streams that wait or are being scored, whenever that changes. */
  queueDepth(frames: number): void;
  workerDeaths(): void;
}

/** Sums since the start; times in seconds. */
export interface VisionStats {
  workers: number;
  /** In which models run, in all workers together. */
  modelThreads: number;
  streams: number;
  queueDepth: number;
  /** Frames that were answered. */
  frames: number;
  /** Frames that went through the detector. */
  detectedFrames: number;
  /** Of these, frames that went through it at half their size as well, for a large face. */
  halfSizeDetections: number;
  /** Faces that were scored. */
  faces: number;
  detectionSeconds: number;
  ensembleSeconds: number;
  /** Sum of what `inferenceSeconds` was told. */
  totalSeconds: number;
  workerDeaths: number;
}

type Sums = Omit<VisionStats, 'workers' | 'modelThreads' | 'streams' | 'queueDepth'>;

const NOTHING: Sums = {
  frames: 0,
  detectedFrames: 0,
  halfSizeDetections: 0,
  faces: 0,
  detectionSeconds: 0,
  ensembleSeconds: 0,
  totalSeconds: 0,
  workerDeaths: 0,
};

/** @param workers those of the pool; more may be added later */
export function createWorkTally(
  { metrics, onDeath }: { metrics: Partial<VisionMetrics>; onDeath(reason: string): void },
  workers: readonly SupervisedWorker[],
): { events: WorkerEvents; stats(): Omit<VisionStats, 'modelThreads'> } {
  const sums: Sums = { ...NOTHING };
  const queueDepth = () => workers.reduce((sum, worker) => sum + worker.queueDepth, 0);
  const events: WorkerEvents = {
    onWork({ batchSizes, ...work }) {
      for (const faces of batchSizes) {
        sums.faces += faces;
        metrics.batchSize?.(faces);
      }
      for (const key of Object.keys(work) as (keyof typeof work)[]) sums[key] += work[key];
      metrics.inferenceSeconds?.(work.totalSeconds);
      if (work.detectedFrames > 0) metrics.detectionSeconds?.(work.detectionSeconds);
    },
    onDeath(reason) {
      sums.workerDeaths++;
      metrics.workerDeaths?.();
      onDeath(reason);
    },
    onQueueDepth: () => metrics.queueDepth?.(queueDepth()),
  };
  const streams = () => workers.reduce((sum, worker) => sum + worker.streams, 0);
  const stats = () => ({ workers: workers.length, streams: streams(), queueDepth: queueDepth(), ...sums });
  return { events, stats };
}
