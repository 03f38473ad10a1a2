/**
 * One moment on its way to the subscribers of this server, as one span and a part of it: from the first execution for a subscription
 * to the last socket that it was written to within a second. A span for each socket would be thousands for one moment, and the
 * slowest of them would keep it open for as long as it likes.
 */
import type { DeliveryTrace } from '../domain/trace.ts';
import type { FollowedSpan } from './spans.ts';

/** So long is it watched: what is written later is not told. */
const WATCHED_MS = 1_000;

export class Deliveries {
  readonly #open = new Set<Delivery>();

  /** @param parent what it goes below */
  open(parent: FollowedSpan): DeliveryTrace {
    const delivery = new Delivery(parent, () => this.#open.delete(delivery));
    this.#open.add(delivery);
    return delivery;
  }

  /** Tells what is known of those that are watched. */
  close(): void {
    for (const delivery of [...this.#open]) delivery.close();
  }
}

class Delivery implements DeliveryTrace {
  readonly #parent: FollowedSpan;
  readonly #onClose: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #begunAt: number;
  #executions = 0;
  #offered = 0;
  #written = 0;
  #firstWrittenAt: number | null = null;
  #lastAt: number;
  #isOver = false;

  constructor(parent: FollowedSpan, onClose: () => void) {
    this.#parent = parent;
    this.#onClose = onClose;
    this.#begunAt = parent.now();
    this.#lastAt = this.#begunAt;
    this.#timer = setTimeout(() => this.close(), WATCHED_MS).unref();
  }

  executing(): void {
    this.#executions += 1;
  }

  offered(): void {
    this.#offered += 1;
    this.#note();
  }

  written(): void {
    if (this.#isOver) return;
    this.#written += 1;
    this.#note();
    this.#firstWrittenAt ??= this.#lastAt;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#onClose();
    const details = {
      'mien.delivery.executions': this.#executions,
      'mien.delivery.subscribers': this.#offered,
      'mien.delivery.written': this.#written,
    };
    const span = this.#parent.begin('deliver', { at: this.#begunAt, details });
    if (this.#firstWrittenAt !== null)
      span
        .begin('write to sockets', { at: this.#firstWrittenAt, kind: 'producer' })
        .end({ at: this.#lastAt });
    span.end({ at: this.#lastAt });
  }

  #note(): void {
    if (!this.#isOver) this.#lastAt = this.#parent.now();
  }
}
