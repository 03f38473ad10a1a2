/** Spans of OpenTelemetry as rooms tell of them, handed on from one to the next: nothing is kept for the process as a whole. */
import {
  type Context,
  type Span as RecordedSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Span, SpanDetails, SpanOptions } from '../domain/trace.ts';

const KINDS: Record<NonNullable<SpanOptions['kind']>, SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** By the wall clock when the first span of a trace began here, and by one that does not jump from then on. */
interface Clock {
  now(): number;
}

export class FollowedSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: RecordedSpan;
  readonly #clock: Clock;
  readonly #at: number;
  #isOver = false;

  private constructor(tracer: Tracer, span: RecordedSpan, clock: Clock, at: number) {
    this.#tracer = tracer;
    this.#span = span;
    this.#clock = clock;
    this.#at = at;
  }

  /**
   * The first of a trace on this server.
   * @param traceparent what it goes below, as it was given; what is none counts as null: a trace begins
   * @returns null: it is not sampled
   */
  static begin(
    tracer: Tracer,
    name: string,
    traceparent: string | null,
    { kind = 'internal', at, details }: SpanOptions = {},
  ): FollowedSpan | null {
    const clock = openClock();
    const parent = traceparent === null ? null : parseTraceparent(traceparent);
    const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const startTime = at ?? clock.now();
    const span = start(tracer, name, { kind, startTime, details }, context);
    return span.isRecording() ? new FollowedSpan(tracer, span, clock, startTime) : null;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  /** In milliseconds since the epoch. */
  get begunAt(): number {
    return this.#at;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  now(): number {
    return this.#clock.now();
  }

  set(details: SpanDetails): void {
    this.#span.setAttributes(details);
  }

  link(other: Pick<Span, 'traceparent'>): void {
    const context = parseTraceparent(other.traceparent);
    if (context !== null) this.#span.addLink({ context });
  }

  begin(name: string, { kind = 'internal', at, details }: SpanOptions = {}): FollowedSpan {
    const startTime = at ?? this.now();
    const context = trace.setSpan(ROOT_CONTEXT, this.#span);
    const span = start(this.#tracer, name, { kind, startTime, details }, context);
    return new FollowedSpan(this.#tracer, span, this.#clock, startTime);
  }

  end({ at = this.now(), failure }: { at?: number; failure?: string } = {}): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (failure !== undefined) {
      this.#span.setAttribute('error.type', failure);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end(Math.min(Math.max(at, this.#at), Math.max(this.#at, this.now())));
  }
}

interface Start {
  kind: NonNullable<SpanOptions['kind']>;
  startTime: number;
  details: SpanDetails | undefined;
}

function start(tracer: Tracer, name: string, { kind, startTime, details }: Start, context: Context) {
  return tracer.startSpan(
    name,
    { kind: KINDS[kind], startTime, ...(details && { attributes: details }) },
    context,
  );
}

function openClock(): Clock {
  const [wall, monotonic] = [Date.now(), performance.now()];
  return { now: () => wall + performance.now() - monotonic };
}

/** By https://www.w3.org/TR/trace-context/: of a later version what the first has. Null: it is none. */
function parseTraceparent(text: string): SpanContext | null {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  const isSampled = (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return trace.isSpanContextValid(context) ? context : null;
}
