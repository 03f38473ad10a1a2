/** One moment on one server: its span, and within it the steps, each of which begins where the one before ends. */
import type {
  DeliveryTrace,
  MomentStep,
  MomentTrace,
  Span,
  SpanDetails,
  SpanOptions,
} from '../domain/trace.ts';
import type { FollowedSpan } from './spans.ts';

export class FollowedMoment implements MomentTrace {
  readonly #whole: FollowedSpan;
  readonly #openDeliveries: (parent: FollowedSpan) => DeliveryTrace;
  /** The whole, of a moment that came from another server. */
  #step: FollowedSpan;
  #deliveries: DeliveryTrace | undefined;
  #isOver = false;

  /** @param openDeliveries called once, if at all */
  constructor(whole: FollowedSpan, openDeliveries: (parent: FollowedSpan) => DeliveryTrace) {
    this.#whole = whole;
    this.#openDeliveries = openDeliveries;
    this.#step = whole;
  }

  get traceparent(): string {
    return this.#step.traceparent;
  }

  get deliveries(): DeliveryTrace {
    this.#deliveries ??= this.#openDeliveries(this.#step);
    return this.#deliveries;
  }

  step(step: MomentStep): void {
    if (this.#isOver) return;
    const isFirst = this.#step === this.#whole;
    const at = isFirst ? this.#whole.begunAt : this.#whole.now();
    if (!isFirst) this.#step.end({ at });
    this.#step = this.#whole.begin(step, { at, kind: step === 'publish' ? 'producer' : 'internal' });
  }

  set(details: SpanDetails): void {
    this.#whole.set(details);
  }

  begin(name: string, { at = this.#step.now(), ...options }: SpanOptions = {}): Span {
    const within = Math.min(Math.max(at, this.#step.begunAt), this.#step.now());
    return this.#step.begin(name, { ...options, at: within });
  }

  link(other: Pick<Span, 'traceparent'>): void {
    this.#step.link(other);
  }

  end(failure?: string): void {
    this.#isOver = true;
    const end = { at: this.#whole.now(), ...(failure !== undefined && { failure }) };
    this.#step.end(end);
    this.#whole.end(end);
  }
}
