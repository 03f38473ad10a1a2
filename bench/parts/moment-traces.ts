/** How long moments take besides what the models run for them, by the server's own traces (docs/tracing.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import { openOtlpReceiver, type SeenSpan } from '../../test/helpers/otlp-receiver.ts';
import { measured } from '../harness.ts';

/** Of moments that are followed. More would cost the server a share that is seen. */
const SHARE = '0.5';
/** What is told at once is read at once, while moments are waited for here. */
const TOLD_EVERY_MS = 200;

export interface MomentTraces {
  /** Of the environment of the server that is looked at. */
  env: Record<string, string>;
  /** Forgets what was told so far. */
  begin(): void;
  /** Of moments since `begin`, in milliseconds, ascending. */
  added(): Promise<number[]>;
  close(): Promise<void>;
}

export async function openMomentTraces(): Promise<MomentTraces> {
  const receiver = await openOtlpReceiver();
  const toldByNow = () => sleep(5 * TOLD_EVERY_MS);
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      ...{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: SHARE },
      OTEL_BSP_SCHEDULE_DELAY: String(TOLD_EVERY_MS),
    },
    begin() {
      receiver.spans.length = 0;
    },
    async added() {
      await toldByNow();
      const added = addedBy(receiver.spans);
      measured('traces of moments', added.length);
      return added;
    },
    close: () => receiver.close(),
  };
}

/**
 * Of each moment that was sent to a subscriber: from when its frame was due until it was written to the last socket, less the runs of
 * the detector and of the ensemble that it was part of. Moments of which a part is missing are left out.
 * @returns milliseconds, ascending
 */
export function addedBy(spans: readonly SeenSpan[]): number[] {
  const traces = new Map<string, SeenSpan[]>();
  for (const span of spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return [...traces.values()].flatMap(addedTo).sort((a, b) => a - b);
}

function addedTo(spans: readonly SeenSpan[]): number[] {
  const [moment, deliver] = ['moment', 'deliver'].map((name) => spans.find((span) => span.name === name));
  const runs = spans.filter(({ name }) => name === 'detect' || name === 'score');
  // Every frame of the clips has a face.
  if (!moment || !deliver || !runs.some(({ name }) => name === 'score')) return [];
  return [deliver.end - moment.start - runs.reduce((sum, { start, end }) => sum + end - start, 0)];
}
