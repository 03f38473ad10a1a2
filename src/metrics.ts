/** What Prometheus reads at /metrics. Each server has a registry of its own, so that two in a process do not mix. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DropCounts } from './domain/frame.ts';

/** Powers of two, up to the largest commit of a backlog. */
const COMMIT_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const MILLISECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The measurements that rooms report, by name. */
export type Metrics = ReturnType<typeof frameMetrics> &
  ReturnType<typeof visionMetrics> &
  ReturnType<typeof storeMetrics> &
  ReturnType<typeof subscriptionMetrics> & { registry: Registry; close(): void };

/** Starts measuring; `close` stops it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const loopDelay = watchEventLoop(registry);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 });
  const registers = [registry];
  return {
    registry,
    ...frameMetrics(registers),
    ...visionMetrics(registers),
    ...storeMetrics(registers),
    ...subscriptionMetrics(registers),
    close: () => {
      loopDelay.disable();
      registry.clear();
    },
  };
}

function frameMetrics(registers: Registry[]) {
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const dropped = new Counter({
    name: 'mien_frames_dropped_total',
    help: 'Frames that were not scored, by reason',
    labelNames: ['reason'] as const,
    registers,
  });
  return {
    framesDecoded: counter('mien_frames_decoded_total', 'Frames that ffmpeg delivered'),
    framesScored: counter('mien_frames_scored_total', 'Frames whose faces were scored'),
    framesDropped(counts: DropCounts): void {
      for (const [reason, count] of Object.entries(counts)) dropped.inc({ reason }, count);
    },
  };
}

function visionMetrics(registers: Registry[]) {
  return {
    batchSize: new Histogram({
      name: 'mien_batch_faces',
      help: 'Faces scored together',
      buckets: [1, 2, 4, 8, 16, 32],
      registers,
    }),
    inferenceSeconds: new Histogram({
      name: 'mien_inference_seconds',
      help: 'Time from a frame handed to the models to its readings',
      buckets: MILLISECONDS,
      registers,
    }),
    detectionSeconds: new Histogram({
      name: 'mien_detection_seconds',
      help: 'Time in the detector between two sets of answers of a worker, where it was asked for any frame',
      buckets: MILLISECONDS,
      registers,
    }),
    visionQueueDepth: new Gauge({
      name: 'mien_vision_queue_depth',
      help: 'Frames handed to the models and not yet answered, of all streams',
      registers,
    }),
    workerDeaths: new Counter({
      name: 'mien_vision_worker_deaths_total',
      help: 'Vision workers that died or hung, and were replaced',
      registers,
    }),
  };
}

function storeMetrics(registers: Registry[]) {
  return {
    commitSeconds: new Histogram({
      name: 'mien_commit_seconds',
      help: 'Time from a moment handed to the store to its commit',
      buckets: MILLISECONDS,
      registers,
    }),
    commitSize: new Histogram({
      name: 'mien_commit_size',
      help: 'Moments, and ends of sessions, written in one commit',
      buckets: COMMIT_SIZES,
      registers,
    }),
    commitBufferDepth: new Gauge({
      name: 'mien_commit_buffer_depth',
      help: 'Moments, and ends of sessions, handed to the store and not yet committed',
      registers,
    }),
  };
}

function subscriptionMetrics(registers: Registry[]) {
  return {
    subscribers: new Gauge({
      name: 'mien_subscribers',
      help: 'Open subscriptions',
      labelNames: ['transport'] as const,
      registers,
    }),
    queueOverflow: new Counter({
      name: 'mien_queue_overflow_total',
      help: 'Events dropped because a subscriber was too slow',
      registers,
    }),
  };
}

/** The longest block of the event loop since the last scrape. */
function watchEventLoop(registry: Registry) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  new Gauge({
    name: 'mien_event_loop_blocked_seconds',
    help: 'Longest time that the event loop was blocked since the last scrape',
    registers: [registry],
    collect() {
      this.set(Math.max(0, delay.max) / 1e9);
      delay.reset();
    },
  });
  return delay;
}
