/**
 * What rooms tell of where time goes, for those who have asked for traces; `tracing` makes OpenTelemetry's spans of it. Where nobody
 * has, there is no tracer, and of a moment that is not followed no trace: then nothing of this is done.
 */

/** Names no person, no expression and no address. */
export type SpanDetails = Readonly<Record<string, string | number | boolean>>;

/** Who is at the other end of what it tells of: `server` was asked, `client` asks, `producer` tells others, `consumer` was told. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanOptions {
  kind?: SpanKind | undefined;
  /** When it began, in milliseconds since the epoch; by default now. */
  at?: number | undefined;
  details?: SpanDetails | undefined;
}

/** A named stretch of time within a trace. */
export interface Span {
  readonly traceId: string;
  /** As W3C Trace Context writes where it stands: what others tell of the same goes below it. */
  readonly traceparent: string;
  /** Milliseconds since the epoch, by a clock that does not jump while a trace lasts. */
  now(): number;
  set(details: SpanDetails): void;
  /** What is told there belongs to this, too. */
  link(other: Pick<Span, 'traceparent'>): void;
  begin(name: string, options?: SpanOptions): Span;
  /** Only the first time counts. @param at milliseconds since the epoch; by default now. @param failure a code: why it failed */
  end(end?: { at?: number; failure?: string }): void;
}

/** The steps of a moment, one after another. */
export type MomentStep = 'frame buffer' | 'analyse' | 'await order' | 'timeline' | 'commit' | 'publish';

/** A moment that is followed, on one server. */
export interface MomentTrace {
  /** That of the step it is in, or was in last. */
  readonly traceparent: string;
  /** The next step begins, and the one before is over. */
  step(step: MomentStep): void;
  set(details: SpanDetails): void;
  /** A part of the step that it is in, and no longer than that. */
  begin(name: string, options?: SpanOptions): Span;
  link(other: Pick<Span, 'traceparent'>): void;
  /** It was published; or it was lost. @param failure the reason for which its frame counts as dropped */
  end(failure?: string): void;
  /** What becomes of it at the subscribers of this server. */
  readonly deliveries: DeliveryTrace;
}

/** Sums, for all subscribers of a server: a span for each would be more than what it tells of. */
export interface DeliveryTrace {
  /** A subscription's event is being made of it, for all who share it. */
  executing(): void;
  /** It goes into the queue of one subscriber. */
  offered(): void;
  /** It was handed to one socket. */
  written(): void;
}

/** A session whose frames may be followed. */
export interface FollowedSession {
  streamId?: string;
  id?: string;
}

/** @param since when the frame was taken or read, in milliseconds since the epoch. @returns null: it is not followed */
export type FollowMoment = (of: FollowedSession, since: number) => MomentTrace | null;

/** @param since when its bytes came, in milliseconds since the epoch. @returns null: it is not followed here */
export type FollowReceived = (traceparent: string, since: number) => MomentTrace | null;

/** A commit of so many moments and ends of sessions begins, with these that are followed. @returns null: there are none */
export type FollowCommit = (followed: readonly MomentTrace[], items: number) => Pick<Span, 'end'> | null;

/** What is asked of this server, and what it asks of others for it. */
export interface OperationTracer {
  /** @param traceparent of who asks, as it was given; null: nobody says. @returns null: it is not followed */
  begin(name: string, traceparent: string | null, options?: SpanOptions): Span | null;
  /** What `work` does is done for `span`. */
  within<T>(span: Span, work: () => T): T;
  /** For what is being done here and now; null: for nothing that is followed, or it is over. */
  current(): Span | null;
}
