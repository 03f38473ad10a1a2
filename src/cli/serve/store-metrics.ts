import type { Metrics } from '../../metrics.ts';
import type { StoreMetrics } from '../../store/index.ts';

/** The store's part of the metrics. */
export function storeMetrics(metrics: Metrics): StoreMetrics {
  return {
    commitSeconds: (seconds) => metrics.commitSeconds.observe(seconds),
    commitSize: (items) => metrics.commitSize.observe(items),
    bufferDepth: (items) => metrics.commitBufferDepth.set(items),
  };
}
