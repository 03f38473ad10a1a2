/** What waits for one receiver: bounded, so that one that is dead or slow takes no memory; the oldest goes first. Of moments
 * the newest of each stream waits, and no other; one that a state follows waits in front of that. */
import type { LiveEvent } from '../domain/live-event.ts';
import type { OutputMessage } from './message.ts';

/** Messages that may wait; some hundred bytes each. */
export const QUEUE_CAPACITY = 1000;

export class DeliveryQueue {
  readonly #onDrop: (messages: number) => void;
  readonly #capacity: number;
  #waiting: OutputMessage[] = [];
  /** The newest moment of each stream: of these no other is worth telling. */
  readonly #moments = new Map<string, OutputMessage>();
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(onDrop: (messages: number) => void, capacity = QUEUE_CAPACITY) {
    this.#onDrop = onDrop;
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#waiting.length + this.#moments.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  push(message: OutputMessage): void {
    if (this.#isClosed) return;
    this.#add(message);
    this.#wake?.();
  }

  #add(message: OutputMessage): void {
    if (message.type === 'moment') {
      if (this.#moments.has(message.stream.id)) this.#onDrop(1);
      this.#moments.set(message.stream.id, message);
      return;
    }
    // What was before a state is told before it.
    const moment = message.type === 'state' ? this.#moments.get(message.stream.id) : undefined;
    if (moment !== undefined) this.#moments.delete(message.stream.id);
    this.#waiting.push(...(moment === undefined ? [] : [moment]), message);
    while (this.#waiting.length > this.#capacity) {
      this.#waiting.shift();
      this.#onDrop(1);
    }
  }

  /** Resolves once `next` has one, or never will; nothing is taken: until then it can be let go of. */
  async ready(): Promise<void> {
    while (this.length === 0 && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** Null: none waits. */
  next(): OutputMessage | null {
    const [oldest] = this.#moments;
    const message = this.#waiting.shift();
    if (message !== undefined || oldest === undefined) return message ?? null;
    this.#moments.delete(oldest[0]);
    return oldest[1];
  }

  /** Lets go of what was erased, which does not count as dropped. @returns what that was, besides moments */
  forget(isGone: (event: LiveEvent) => boolean): OutputMessage[] {
    const gone = new Set(this.#waiting.filter(({ origin }) => origin !== null && isGone(origin)));
    this.#waiting = this.#waiting.filter((message) => !gone.has(message));
    for (const [streamId, { origin }] of this.#moments)
      if (origin !== null && isGone(origin)) this.#moments.delete(streamId);
    return [...gone];
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#waiting = [];
    this.#moments.clear();
  }

  /** Takes no more; what waits can still be taken. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }
}
