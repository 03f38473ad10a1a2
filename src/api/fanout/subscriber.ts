/** One subscriber's bounded queue: whoever writes to its socket takes from here, at the pace of the socket. */
import { BoundedQueue } from '../../bus/index.ts';
import type { Delivery } from './delivery.ts';
import { isEvent } from './initial-cursor.ts';

/** Deliveries that a subscriber may lag behind; the texts are shared, so a full queue costs references only. */
export const SUBSCRIBER_CAPACITY = 256;

export interface SubscriberOptions {
  capacity?: number | undefined;
  /** Called when a delivery was dropped because the queue was full. */
  onOverflow?: (() => void) | undefined;
}

/** The socket's side of a subscriber. */
export interface DeliveryWriter {
  /** While true, deliveries wait; `flush` the subscriber when there is room again. */
  readonly full: boolean;
  /** @param skipped events that this subscriber was not sent since the one before: lost by the source, or dropped here */
  write(delivery: Delivery, skipped: number): void;
  /** All was written and no more will come; `failure`: why the source failed, null when it ended as it should. */
  end(failure: unknown): void;
}

interface Waiting {
  delivery: Delivery;
  /** Events that the source lost before it, since this subscriber takes from it. */
  skipped: number;
}

/**
 * Takes what an execution offers, and hands it to a writer as fast as that takes it. When the queue is full the oldest
 * delivery is dropped, and counted in the next one's `skippedBefore`.
 */
export class Subscriber {
  readonly #queue: BoundedQueue<Waiting>;
  readonly #capacity: number;
  /** The execution that this subscriber takes from, told once when nobody will take any more. */
  #onClose: ((subscriber: Subscriber) => void) | null = null;
  #writer: DeliveryWriter | null = null;
  /** What the source had lost when it delivered last, or before this subscriber took from it. */
  #lost = 0;
  /** What the source had lost before deliveries that were dropped here. */
  #skippedBySource = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #failure: unknown = null;
  #onRoom: (() => void) | null = null;

  constructor({ capacity = SUBSCRIBER_CAPACITY, onOverflow }: SubscriberOptions) {
    this.#capacity = capacity;
    this.#queue = new BoundedQueue({
      capacity,
      counts: ({ delivery }) => isEvent(delivery),
      onDrop: ({ skipped }) => {
        this.#skippedBySource += skipped;
        onOverflow?.();
      },
    });
  }

  /** From now on it takes from another execution, which is told in place of the former when it closes. */
  takeFrom(lost: number, onClose: (subscriber: Subscriber) => void): void {
    this.#lost = lost;
    this.#onClose = onClose;
  }

  offer(delivery: Delivery): void {
    if (this.#state !== 'open') return;
    delivery.trace?.offered();
    // What was lost before it joined, and was found again since, is not to be told.
    this.#lost = Math.min(this.#lost, delivery.lostByNow);
    const skipped = Math.max(0, delivery.lost - this.#lost);
    this.#lost += skipped;
    const writer = this.#writer;
    if (writer !== null && this.#queue.length === 0 && !writer.full) write(writer, delivery, skipped);
    else this.#queue.push({ delivery, skipped });
  }

  /** No more will come; what is queued is still written. */
  end(failure: unknown = null): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#failure = failure;
    this.#wakeExecution();
    this.flush();
  }

  /** May take no more: what is queued is forgotten, and `failure` is told instead. */
  cutOff(failure: unknown): void {
    if (this.#state === 'closed') return;
    this.#queue.close();
    this.end(failure);
    this.flush();
    this.#onClose?.(this);
  }

  /** Nobody takes any more: what is queued is forgotten. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#queue.close();
    this.#wakeExecution();
    this.flush();
    this.#onClose?.(this);
  }

  /** Resolves when the queue is at most half full, or nobody takes any more. */
  async waitForRoom(): Promise<void> {
    if (this.#hasRoom()) return;
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** From now on deliveries go to this writer, as fast as it takes them. */
  attach(writer: DeliveryWriter): void {
    this.#writer = writer;
    this.flush();
  }

  /** Writes what waits until the writer is full. */
  flush(): void {
    while (this.writeNext());
  }

  /** Writes one delivery, where one waits and the writer has room for it. @returns whether it did */
  writeNext(): boolean {
    const writer = this.#writer;
    if (writer === null) return false;
    const taken = writer.full ? null : this.#queue.shift();
    if (taken !== null) {
      const { delivery, skipped } = taken.event;
      write(writer, delivery, skipped + taken.skippedBefore + this.#takeSkippedBySource());
    }
    if (this.#hasRoom()) this.#wakeExecution();
    if (this.#state !== 'open' && this.#queue.length === 0) {
      this.#writer = null;
      writer.end(this.#failure);
    }
    return taken !== null;
  }

  #takeSkippedBySource(): number {
    const skipped = this.#skippedBySource;
    this.#skippedBySource = 0;
    return skipped;
  }

  #hasRoom(): boolean {
    return this.#state !== 'open' || this.#queue.length <= this.#capacity / 2;
  }

  #wakeExecution(): void {
    this.#onRoom?.();
    this.#onRoom = null;
  }
}

function write(writer: DeliveryWriter, delivery: Delivery, skipped: number): void {
  writer.write(delivery, skipped);
  delivery.trace?.written();
}
