/**
 * A subscriber's own bounded queue between a publisher that never waits and a reader that may be slow. When it
 * is full the oldest event is dropped, and counted in the `skippedBefore` of the next one taken.
 */

export interface Taken<T> {
  event: T;
  /** Events dropped between this one and the one taken before. */
  skippedBefore: number;
}

export interface QueueOptions<T> {
  /** Events that may wait; at least 1. */
  capacity: number;
  /** Told of each dropped event, in order; must not throw. */
  onDrop?: ((event: T) => void) | undefined;
  /** Told once, when nobody reads any more. */
  onClose?: (() => void) | undefined;
}

/** One reader only. */
export class BoundedQueue<T> {
  readonly #options: QueueOptions<T>;
  readonly #ring: (T | undefined)[] = [];
  #head = 0;
  #length = 0;
  #skipped = 0;
  #closed = false;
  #waiting: ((taken: Taken<T> | null) => void) | null = null;

  constructor(options: QueueOptions<T>) {
    if (!(options.capacity >= 1)) throw new RangeError('A queue holds at least one event.');
    this.#options = options;
  }

  /** Events waiting. */
  get length(): number {
    return this.#length;
  }

  /** Takes time that does not depend on the reader. Ignored once closed. */
  push(event: T): void {
    if (this.#closed) return;
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = null;
      waiting({ event, skippedBefore: 0 });
      return;
    }
    if (this.#length === this.#options.capacity) this.#dropOldest();
    this.#ring[(this.#head + this.#length) % this.#options.capacity] = event;
    this.#length += 1;
  }

  /** The next event, as soon as there is one; null once closed. */
  take(): Promise<Taken<T> | null> {
    if (this.#closed) return Promise.resolve(null);
    if (this.#length > 0) return Promise.resolve(this.shift());
    if (this.#waiting) return Promise.reject(new Error('A queue has one reader.'));
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The next event if one waits, else null. */
  shift(): Taken<T> | null {
    if (this.#length === 0) return null;
    const event = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#options.capacity;
    this.#length -= 1;
    const skippedBefore = this.#skipped;
    this.#skipped = 0;
    return { event, skippedBefore };
  }

  /** Lets go of everything; a reader that waits is answered at once. Harmless when closed already. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ring.length = 0;
    this.#length = 0;
    this.#waiting?.(null);
    this.#waiting = null;
    this.#options.onClose?.();
  }

  #dropOldest(): void {
    const oldest = this.shift();
    if (oldest === null) return;
    this.#skipped = oldest.skippedBefore + 1;
    this.#options.onDrop?.(oldest.event);
  }
}
