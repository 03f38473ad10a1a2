/** What Prometheus reads at /metrics. Each server has a registry of its own, so that two in a process do not mix. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DropMeasure } from './domain/frame.ts';
import { EventLoopWatch } from './event-loop-lag.ts';

/** Powers of two, up to the largest commit of a backlog. */
const COMMIT_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const MILLISECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The measurements that rooms report, by name. */
export type Metrics = ReturnType<typeof frameMetrics> &
  ReturnType<typeof loadMetrics> &
  ReturnType<typeof visionMetrics> &
  ReturnType<typeof storeMetrics> &
  ReturnType<typeof subscriptionMetrics> &
  ReturnType<typeof auditMetrics> & { registry: Registry; close(): void };

/** Starts measuring; `close` stops it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const watch = new EventLoopWatch();
  collectDefaults(registry);
  eventLoopMetrics([registry], watch);
  const registers = [registry];
  return {
    registry,
    ...frameMetrics(registers),
    ...loadMetrics(registers),
    ...visionMetrics(registers),
    ...storeMetrics(registers),
    ...subscriptionMetrics(registers),
    ...auditMetrics(registers),
    close: () => {
      watch.close();
      registry.clear();
    },
  };
}

function frameMetrics(registers: Registry[]) {
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const dropped = new Counter({
    name: 'mien_frames_dropped_total',
    help: 'Frames that were not scored, by reason: busy, worker, store; shed, left out by a lowered rate; late, decoded too late',
    labelNames: ['reason'] as const,
    registers,
  });
  return {
    framesDecoded: counter('mien_frames_decoded_total', 'Frames that ffmpeg delivered'),
    framesScored: counter('mien_frames_scored_total', 'Frames whose faces were scored'),
    framesDropped(counts: DropMeasure): void {
      for (const [reason, count] of Object.entries(counts)) dropped.inc({ reason }, count);
    },
  };
}

function loadMetrics(registers: Registry[]) {
  return {
    effectiveFrameRate: new Gauge({
      name: 'mien_effective_frame_rate',
      help: 'Frames a second at which a stream that runs in real time is scored, at most: no more than come in time',
      labelNames: ['stream'] as const,
      registers,
    }),
    overloadedStreams: new Gauge({
      name: 'mien_overloaded_streams',
      help: 'Streams that get fewer frames than they ask for, because there is not the time for all',
      registers,
    }),
    capacity: new Gauge({
      name: 'mien_capacity_frames_per_second',
      help: 'Frames a second that can be scored in all, estimated',
      registers,
    }),
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
    previewWatchers: new Gauge({
      name: 'mien_preview_watchers',
      help: 'Open previews of the pictures of streams',
      registers,
    }),
    previewPictures: new Counter({
      name: 'mien_preview_pictures_total',
      help: 'Frames that were encoded because somebody looked',
      registers,
    }),
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
    refused: new Counter({
      name: 'mien_refused_total',
      help: 'Connections, requests, subscriptions, streams and uploads that were not let in, by the code they were told',
      labelNames: ['code'] as const,
      registers,
    }),
  };
}

function auditMetrics(registers: Registry[]) {
  return {
    auditFailures: new Counter({
      name: 'mien_audit_failures_total',
      help: 'Entries of the audit that could not be stored when they were due; the log holds each',
      registers,
    }),
  };
}

/** What prom-client tells of every program, without its own watch of the event loop, whose timer would wake an idle server. */
function collectDefaults(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: NEVER_MS });
  for (const statistic of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    register.removeSingleMetric(`nodejs_eventloop_lag_${statistic}_seconds`);
}

/** The longest that a timer can be set for. */
const NEVER_MS = 2 ** 31 - 1;

/** Measured only while the event loop has work; see `event-loop-lag.ts`. */
function eventLoopMetrics(registers: Registry[], watch: EventLoopWatch): void {
  // First, because a scrape takes the values in this order.
  new Gauge({
    name: 'mien_event_loop_blocked_seconds',
    help: 'Longest time that the event loop was blocked since the last scrape',
    registers,
    collect() {
      const lag = watch.read();
      this.set(lag.longest);
      for (const [name, statistic] of Object.entries(statistics))
        statistic.set(lag[name as keyof typeof lag]);
    },
  });
  const gauge = (statistic: string, help: string) =>
    new Gauge({ name: `nodejs_eventloop_lag_${statistic}_seconds`, help, registers });
  const statistics = {
    longest: gauge('max', 'Longest delay of the event loop since the last scrape'),
    min: gauge('min', 'Least delay of the event loop, which is measured every 10 ms while it has work'),
    mean: gauge('mean', 'Mean delay of the event loop while it has work'),
    stddev: gauge('stddev', 'Standard deviation of the delay of the event loop while it has work'),
    p50: gauge('p50', 'Median delay of the event loop while it has work'),
    p90: gauge('p90', '90th percentile of the delay of the event loop while it has work'),
    p99: gauge('p99', '99th percentile of the delay of the event loop while it has work'),
  };
}
