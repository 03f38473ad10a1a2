/** OpenTelemetry's SDK: which spans are recorded, and how they get to the collector, in batches and from bounded memory. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../domain/log.ts';

/** By the names of OTEL_TRACES_SAMPLER; `mien`: where that is not set. */
export type SamplerName =
  | 'mien'
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

export interface TracingSettings {
  /** Address to which traces are posted, `/v1/traces` included. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  /** Longest time for one batch, in milliseconds. */
  timeoutMs: number;
  sampler: SamplerName;
  /** 0 to 1: the share of traces that are sampled. */
  ratio: number;
  /** Of this server, `service.name` among them. */
  resource: Readonly<Record<string, string>>;
  /** Spans from one batch to the next: after so many milliseconds, with so many spans, of so many that wait at most. */
  batch: Readonly<{ delayMs: number; size: number; queue: number }>;
}

export function openProvider(settings: TracingSettings, log: Pick<Log, 'info' | 'warn'>): TracerProvider {
  const { endpoint: url, headers, timeoutMs, batch, resource } = settings;
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: timeoutMs, userAgent: 'mien' });
  const processor = new BatchSpanProcessor({
    exporter: new WatchedExporter(exporter, url, log),
    ...{ scheduledDelayMillis: batch.delayMs, maxExportBatchSize: batch.size, maxQueueSize: batch.queue },
    exportTimeoutMillis: timeoutMs + OVERTIME_MS,
  });
  return new TracerProvider({
    sampler: samplerOf(settings),
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    spanProcessors: [processor],
  });
}

/** The exporter gives up first, and says why. */
const OVERTIME_MS = 2_000;

function samplerOf({ sampler, ratio }: TracingSettings): Sampler {
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  const parentBased = (root: Sampler) => new ParentBasedSampler({ root });
  switch (sampler) {
    case 'mien':
      return parentBased(new MutationsAndSome(byRatio));
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return byRatio;
    case 'parentbased_always_on':
      return parentBased(new AlwaysOnSampler());
    case 'parentbased_always_off':
      return parentBased(new AlwaysOffSampler());
    case 'parentbased_traceidratio':
      return parentBased(byRatio);
  }
}

/** What is changed is rare, and asked about one by one; of moments, and of what is read, there are thousands that are alike. */
class MutationsAndSome implements Sampler {
  readonly #all = new AlwaysOnSampler();
  readonly #some: TraceIdRatioBasedSampler;

  constructor(some: TraceIdRatioBasedSampler) {
    this.#some = some;
  }

  shouldSample(...asked: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    const [context, traceId, , , attributes] = asked;
    const isMutation = attributes['graphql.operation.type'] === 'mutation';
    return isMutation ? this.#all.shouldSample() : this.#some.shouldSample(context, traceId);
  }

  toString(): string {
    return `MutationsAndSome{${this.#some}}`;
  }
}

/** Says once that the collector is away, and once that it is back. */
class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #host: string;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  /** Spans that could not be sent since it was there last. */
  #lost = 0;

  constructor(exporter: SpanExporter, url: string, log: Pick<Log, 'info' | 'warn'>) {
    this.#exporter = exporter;
    this.#host = new URL(url).host;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      if (result.error === undefined) this.#isThere();
      else this.#isAway(result.error, spans.length);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #isThere(): void {
    if (this.#lost > 0) this.#log.info({ collector: this.#host, lost: this.#lost }, 'traces are taken again');
    this.#lost = 0;
  }

  #isAway(error: Error, spans: number): void {
    if (this.#lost === 0)
      this.#log.warn(
        { collector: this.#host, why: error.message },
        'traces are not taken: they are dropped until they are, and nothing waits for that',
      );
    this.#lost += spans;
  }
}
