/**
 * A subscriber's own bounded queue between a publisher that never waits and a reader that may be slow. When it
 * is full the oldest event is dropped, and counted in the `skippedBefore` of the next one taken.
 */

export interface Taken<T> {
  event: T;
  /** Events that count, dropped between this one and the one taken before; 0 with one that does not count. */
  skippedBefore: number;
}

export interface QueueOptions<T> {
  /** Events that may wait; at least 1. */
  capacity: number;
  /** Whether such an event is for this reader; any other is as if it had not happened. By default all are. */
  accepts?: ((event: T) => boolean) | undefined;
  /** Whether the loss of such an event is told; it is told with the next such event. By default all are. */
  counts?: ((event: T) => boolean) | undefined;
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
  /** Events that count: dropped so far, and told of. */
  #lost = 0;
  #told = 0;
  #ended = false;
  #waiting: ((taken: Taken<T> | null) => void) | null = null;

  constructor(options: QueueOptions<T>) {
    if (!(options.capacity >= 1)) throw new RangeError('A queue holds at least one event.');
    this.#options = options;
  }

  /** Events waiting. */
  get length(): number {
    return this.#length;
  }

  /** Events that count and were dropped so far, whether that was told yet or not. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes time that does not depend on the reader. Ignored once closed. */
  push(event: T): void {
    if (this.#ended || this.#options.accepts?.(event) === false) return;
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = null;
      waiting(this.#taken(event));
      return;
    }
    if (this.#length === this.#options.capacity) this.#dropOldest();
    this.#add(event);
  }

  /** The next event, as soon as there is one; null once closed, or ended and empty. */
  take(): Promise<Taken<T> | null> {
    if (this.#length > 0) return Promise.resolve(this.shift());
    if (this.#ended) return Promise.resolve(null);
    if (this.#waiting) return Promise.reject(new Error('A queue has one reader.'));
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The next event if one waits, else null. */
  shift(): Taken<T> | null {
    if (this.#length === 0) return null;
    return this.#taken(this.#remove());
  }

  /** Lets go of events that wait, without counting them as lost. @returns whether there were any */
  forget(isGone: (event: T) => boolean): boolean {
    const before = this.#length;
    const kept: T[] = [];
    while (this.#length > 0) {
      const event = this.#remove();
      if (!isGone(event)) kept.push(event);
    }
    for (const event of kept) this.#add(event);
    return kept.length < before;
  }

  /** Takes no more; what waits can still be taken. Harmless when ended already. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.(null);
    this.#waiting = null;
    this.#options.onClose?.();
  }

  /** Lets go of everything; a reader that waits is answered at once. Harmless when closed already. */
  close(): void {
    this.end();
    this.#ring.length = 0;
    this.#length = 0;
  }

  #taken(event: T): Taken<T> {
    return { event, skippedBefore: this.#counts(event) ? this.#tell() : 0 };
  }

  #counts(event: T): boolean {
    return this.#options.counts?.(event) ?? true;
  }

  #tell(): number {
    const untold = this.#lost - this.#told;
    this.#told = this.#lost;
    return untold;
  }

  #dropOldest(): void {
    const oldest = this.#remove();
    if (this.#counts(oldest)) this.#lost += 1;
    this.#options.onDrop?.(oldest);
  }

  #add(event: T): void {
    this.#ring[(this.#head + this.#length) % this.#options.capacity] = event;
    this.#length += 1;
  }

  #remove(): T {
    const event = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#options.capacity;
    this.#length -= 1;
    return event;
  }
}
