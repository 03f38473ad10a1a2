/**
 * Moments on their way to the store and then to the bus. Several are being committed while the next frame is
 * scored; they are published in the order of `seq`, each after its commit.
 *
 * A moment that the store refuses keeps its `seq`: it is offered again until it is taken, those after it wait,
 * and there is no room meanwhile. So the session has no gap, and the bound is kept by not scoring frames.
 */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { sleep } from '../threads/sleep.ts';
import { whenAborted } from '../threads/when-aborted.ts';
import type { MomentSink } from './ports.ts';
import { isStoreUnavailable, type StoreWaits } from './store-unavailable.ts';

export interface OutboxOptions extends StoreWaits {
  sink: MomentSink;
  publish(moment: Moment, events: readonly EpisodeEvent[], position: number): void;
  /** Moments not yet published, with the places reserved for others, at most. */
  limit: number;
}

interface Entry {
  moment: Moment;
  events: readonly EpisodeEvent[];
  previous: Moment | undefined;
}
/** Where it was committed; null: it was not. */
type Committed = number | null;
/** An entry that waits to be offered again, or for one that does. */
interface Retry {
  entry: Entry;
  settle(committed: Committed): void;
}
type OfferResult = number | 'refused' | 'lost';

export class Outbox {
  readonly #options: OutboxOptions;
  /** Moments not yet published. */
  #size = 0;
  /** Places of moments that may come. */
  #reserved = 0;
  #failure: unknown = null;
  #lost: DropCounts = {};
  /** A refused moment and those that wait behind it; they are offered one at a time. */
  readonly #retries: Retry[] = [];
  #newest: Moment | undefined;
  /** Whether all moments until now were published; resolves when that is known. */
  #published: Promise<boolean> = Promise.resolve(true);
  readonly #waitingForRoom: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.giveUp.addEventListener('abort', () => this.#wakeWaiting(), { once: true });
  }

  /** Takes a place for a moment that may come: it is pushed, or cancelled. @returns false when there is none */
  reserve(): boolean {
    if (!this.#hasRoom) return false;
    this.#reserved += 1;
    return true;
  }

  /** No moment came for a place that was reserved. */
  cancel(): void {
    this.#reserved -= 1;
    this.#wakeWaiting();
  }

  /** Why a moment could not be written, other than that the store is away; there will be no more. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Frames of moments that were not written, with those dropped before them. */
  get lost(): DropCounts {
    return this.#lost;
  }

  /** Into a place that was reserved. */
  push(moment: Moment, events: readonly EpisodeEvent[]): void {
    moment.trace?.step('commit');
    const entry = { moment, events, previous: this.#newest };
    this.#newest = moment;
    this.#reserved -= 1;
    this.#size += 1;
    this.#published = this.#publishAfter(this.#commit(entry), this.#published, entry);
  }

  /** Reserves a place as soon as there is one; without one when it failed or gave up, or when `signal` aborts. */
  async waitForPlace(signal: AbortSignal): Promise<void> {
    while (!this.#isOver && !signal.aborted && !this.reserve()) await this.#waitForRoom(signal);
  }

  #waitForRoom(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#waitingForRoom.push(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  }

  /** Resolves when all is published, or it failed or gave up; to the number of moments left behind. */
  async drain(): Promise<number> {
    await Promise.race([this.#published, whenAborted(this.#options.giveUp)]);
    return this.#size;
  }

  get #hasRoom(): boolean {
    return this.#size + this.#reserved < this.#options.limit && this.#retries.length === 0;
  }

  get #isOver(): boolean {
    return this.#failure !== null || this.#options.giveUp.aborted;
  }

  /** Whether it was published: once it is committed, and all before it are published. */
  async #publishAfter(
    committed: Promise<Committed>,
    publishedBefore: Promise<boolean>,
    { moment, events }: Entry,
  ): Promise<boolean> {
    const [position, mayFollow] = await Promise.all([committed, publishedBefore]);
    const mayPublish = position !== null && mayFollow;
    if (mayPublish) {
      this.#options.publish(moment, events, position);
      this.#size -= 1;
    } else {
      moment.trace?.end('store');
      this.#lost = addDrops(this.#lost, addDrops(moment.dropped, { store: 1 }));
    }
    this.#wakeWaiting();
    return mayPublish;
  }

  async #commit(entry: Entry): Promise<Committed> {
    if (this.#retries.length > 0) return this.#commitLater(entry);
    const result = await this.#offer(entry);
    return result === 'refused' ? this.#commitLater(entry) : result === 'lost' ? null : result;
  }

  async #offer({ moment, events, previous }: Entry): Promise<OfferResult> {
    if (this.#isOver) return 'lost';
    try {
      return await this.#options.sink.append(moment, events, previous);
    } catch (error) {
      if (isStoreUnavailable(error)) return 'refused';
      this.#failure ??= error;
      return 'lost';
    }
  }

  #commitLater(entry: Entry): Promise<Committed> {
    return new Promise((settle) => {
      this.#retries.push({ entry, settle });
      if (this.#retries.length === 1) void this.#workOffRetries();
    });
  }

  async #workOffRetries(): Promise<void> {
    const { retryMs, giveUp } = this.#options;
    for (let head = this.#retries[0]; head; head = this.#retries[0]) {
      let result: OfferResult = 'refused';
      while (result === 'refused' && !this.#isOver) {
        await sleep(retryMs, giveUp);
        result = await this.#offer(head.entry);
      }
      this.#retries.shift();
      head.settle(typeof result === 'number' ? result : null);
    }
  }

  #wakeWaiting(): void {
    if (this.#hasRoom || this.#isOver) for (const resume of this.#waitingForRoom.splice(0)) resume();
  }
}
