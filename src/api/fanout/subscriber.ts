/** One subscriber's bounded queue: whoever writes to its socket takes from here, at the pace of the socket. */
import type { ExecutionResult } from 'graphql';
import type { Delivery } from './delivery.ts';

/** Deliveries that a subscriber may lag behind; the texts are shared, so a full queue costs references only. */
export const SUBSCRIBER_CAPACITY = 256;

export interface SubscriberOptions {
  capacity?: number;
  /** Called once, when nobody will take any more. */
  onClose: (feed: Subscriber) => void;
  /** Called when a delivery was dropped because the queue was full. */
  onOverflow?: () => void;
}

/** A socket's side of a feed. */
export interface DeliveryWriter {
  /** While true, deliveries wait; `flush` the feed when there is room again. */
  readonly full: boolean;
  /** @param missed deliveries that this subscriber was too slow for, since the one before */
  write(delivery: Delivery, missed: number): void;
  /** All was written and no more will come; `failure`: why the source failed, null when it ended as it should. */
  end(failure: unknown): void;
}

/**
 * Push side: `offer` and `end`. Whoever can write at once attaches an outlet; anyone else iterates. When the queue is
 * full the oldest delivery is dropped, and counted in the next one's `skippedBefore`.
 */
export class Subscriber implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #options: SubscriberOptions;
  readonly #capacity: number;
  readonly #queue: Delivery[] = [];
  #outlet: DeliveryWriter | null = null;
  #skipped = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #failure: unknown = null;
  #wake: (() => void) | null = null;
  #roomWanted: (() => void) | null = null;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? SUBSCRIBER_CAPACITY;
  }

  offer(delivery: Delivery): void {
    if (this.#state !== 'open') return;
    const outlet = this.#outlet;
    if (outlet !== null && this.#queue.length === 0 && !outlet.full) {
      outlet.write(delivery, 0);
      return;
    }
    if (this.#queue.length >= this.#capacity) this.#dropOldest();
    this.#queue.push(delivery);
    this.#notify();
  }

  /** No more will come; what is queued can still be taken. */
  end(failure: unknown = null): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#failure = failure;
    this.#notify();
  }

  /** Resolves when the queue is at most half full, or nobody takes any more. */
  async waitForRoom(): Promise<void> {
    if (this.#hasRoom()) return;
    await new Promise<void>((resolve) => {
      this.#roomWanted = resolve;
    });
  }

  /** From now on deliveries go to this outlet, as fast as it takes them. */
  attach(outlet: DeliveryWriter): void {
    this.#outlet = outlet;
    this.flush();
  }

  /** Writes what waits until the outlet is full. */
  flush(): void {
    const outlet = this.#outlet;
    if (outlet === null) return;
    while (!outlet.full) {
      const delivery = this.#shift();
      if (delivery === undefined) break;
      outlet.write(delivery, this.#takeSkipped());
    }
    if (this.#state === 'open' || this.#queue.length > 0) return;
    this.#outlet = null;
    outlet.end(this.#failure);
  }

  async next(): Promise<IteratorResult<ExecutionResult, void>> {
    while (this.#queue.length === 0 && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const delivery = this.#shift();
    if (delivery) return { done: false, value: delivery.withSkipped(this.#takeSkipped()) };
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      throw failure;
    }
    return { done: true, value: undefined };
  }

  /** Nobody takes any more: what is queued is forgotten. */
  async return(): Promise<IteratorResult<ExecutionResult, void>> {
    if (this.#state !== 'closed') {
      this.#state = 'closed';
      this.#queue.length = 0;
      this.#notify();
      this.#roomWanted?.();
      this.#options.onClose(this);
    }
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #dropOldest(): void {
    const oldest = this.#queue.shift();
    this.#skipped += 1 + (oldest?.skipped ?? 0);
    this.#options.onOverflow?.();
  }

  #shift(): Delivery | undefined {
    const delivery = this.#queue.shift();
    if (this.#roomWanted && this.#hasRoom()) {
      this.#roomWanted();
      this.#roomWanted = null;
    }
    return delivery;
  }

  #takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  #hasRoom(): boolean {
    return this.#state !== 'open' || this.#queue.length <= this.#capacity / 2;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
    this.flush();
  }
}
