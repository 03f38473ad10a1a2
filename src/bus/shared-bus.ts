/**
 * The bus of several servers on one database. What happens on this server reaches its own subscribers at once, as on the memory bus,
 * and then the others; what others tell is numbered by node, and comes once and in order. What does not come is read from
 * the database: once after whatever may have been missed, and each second while nothing is carried.
 */
import { randomBytes } from 'node:crypto';
import type { ErasureStep } from '../domain/erasure.ts';
import type { LiveEvent, LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import type { BoundedQueue } from './bounded-queue.ts';
import { catchUp, type Stored } from './catch-up.ts';
import { Coalesced } from './coalesced.ts';
import { Heard } from './heard.ts';
import { type Bus, type BusOptions, MemoryBus, type SubscribeOptions } from './memory-bus.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import type { OpenTransport, Transport } from './transport.ts';
import type { MessageHead } from './wire/message.ts';

export interface SharedBusOptions extends BusOptions {
  open: OpenTransport;
  stored: Stored;
  /** Another server has erased this: what waits here of it is to be let go of. */
  onErased(steps: readonly ErasureStep[]): void;
  /** Another server has registered this stream, or tagged it anew; null: any may be. */
  onTagged(streamId: string | null): Promise<void>;
  metrics: SharedBusMetrics;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** How often the database is asked while nothing is carried, in milliseconds. */
  everyMs?: number;
  /** How long an event waits for those before it, in milliseconds. */
  waitMs?: number;
}

export interface SharedBusMetrics {
  up(isUp: boolean): void;
  sent(bytes: number): void;
  received(bytes: number): void;
  /** Not sent, because nothing was carried. */
  withheld(): void;
  /** Received, and damaged or of another version. */
  unreadable(): void;
  caughtUp(): void;
}

const EVERY_MS = 1_000;
/** Clocks of servers differ by so much at most, as `subscriptions` has it, too. */
const CLOCK_SKEW_MS = 10_000;

export class SharedBus implements Bus {
  /** What happens on this server: for who tells of it in place of all servers. */
  readonly own: MemoryBus;
  readonly #options: SharedBusOptions;
  readonly #all: MemoryBus;
  readonly #heard = new Heard();
  readonly #receiver: Receiver;
  readonly #catchUp: Coalesced;
  readonly #transport: Transport;
  readonly #timer: NodeJS.Timeout;
  readonly #sender: Sender;
  /** Since when nothing is carried; null: it is. */
  #downSince: number | null = Date.now();
  /** From when on something may not have been heard; null: all was. */
  #missedSince: number | null = null;
  #hasFailed = false;

  constructor(options: SharedBusOptions) {
    this.#options = options;
    this.own = new MemoryBus(options);
    this.#all = new MemoryBus(options);
    const node = randomBytes(8).toString('hex');
    this.#receiver = this.#openReceiver(node);
    this.#catchUp = new Coalesced({
      work: () => this.#readMissed(),
      onError: (error) => this.#tellFailure(error),
    });
    options.metrics.up(false);
    this.#transport = options.open({
      onMessage: (bytes) => this.#receiver.receive(bytes),
      onUp: () => this.#onUp(),
      onDown: () => this.#onDown(),
    });
    const { metrics, log } = options;
    this.#sender = new Sender({ node, transport: this.#transport, metrics, log });
    this.#timer = setInterval(() => {
      if (this.#downSince !== null) this.#catchUp.request();
    }, options.everyMs ?? EVERY_MS).unref();
  }

  /** Whether what happens on other servers comes at once; where it does not, it comes each second. */
  get isUp(): boolean {
    return this.#transport.isUp;
  }

  publish(event: LiveEvent): void {
    this.own.publish(event);
    this.#publishHere(event);
    if (event.kind !== 'committed') this.#sender.tell({ event });
  }

  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options?: SubscribeOptions<LiveEventOf<Kind>>,
  ): BoundedQueue<LiveEventOf<Kind>> {
    return this.#all.subscribe(kinds, scope, options);
  }

  /** Queues now open. */
  get subscribers(): number {
    return this.#all.subscribers + this.own.subscribers;
  }

  forget(isGone: (event: LiveEvent) => boolean): void {
    this.own.forget(isGone);
    this.#all.forget(isGone);
  }

  /** To the other servers: this one lets go of it by itself. */
  tellErased(erased: readonly ErasureStep[]): void {
    this.#sender.tell({ erased });
  }

  /** To the other servers: this one knows. */
  tellTagged(taggedStream: string): void {
    this.#sender.tell({ taggedStream });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#receiver.close();
    await this.#transport.close();
    await this.#catchUp.close();
    this.#all.close();
    this.own.close();
  }

  #openReceiver(node: string): Receiver {
    const { metrics, log, waitMs } = this.#options;
    return new Receiver({
      ...{ node, metrics, log, waitMs },
      isWanted: (head) => this.#isWanted(head),
      onEvent: (event) => {
        if (event.kind !== 'status' || !this.#heard.isOld(event)) this.#publishHere(event);
      },
      onHole: () => this.#miss(0),
      onMessage: (message) => {
        if ('erased' in message) this.#options.onErased(message.erased);
        else if ('taggedStream' in message) this.#readTags(message.taggedStream);
        else this.#miss(message.backAfter);
      },
    });
  }

  #isWanted({ kind, streamId, sessionId }: MessageHead): boolean {
    if (kind === 'erased' || kind === 'tagged' || kind === 'back') return true;
    return this.#all.hasListeners(kind, streamId, sessionId === '' ? undefined : sessionId);
  }

  #publishHere(event: LiveEvent): void {
    this.#heard.note(event);
    this.#all.publish(event);
  }

  #onUp(): void {
    const away = Date.now() - (this.#downSince ?? Date.now());
    this.#downSince = null;
    this.#options.metrics.up(true);
    this.#sender.tell({ backAfter: away });
    this.#miss(away);
  }

  #onDown(): void {
    this.#downSince = Date.now();
    this.#options.metrics.up(false);
    this.#miss(0);
  }

  /** Something of the last milliseconds may not have been heard. */
  #miss(milliseconds: number): void {
    this.#publishHere({ kind: 'committed', positions: null });
    this.#missedSince = Math.min(this.#missedSince ?? Number.POSITIVE_INFINITY, Date.now() - milliseconds);
    this.#catchUp.request();
  }

  async #readMissed(): Promise<void> {
    const now = Date.now();
    const since = this.#missedSince ?? this.#downSince ?? now;
    this.#missedSince = null;
    try {
      await this.#options.onTagged(null);
      const publish = (event: LiveEvent) => this.#publishHere(event);
      const deps = { stored: this.#options.stored, heard: this.#heard, publish };
      await catchUp({ ...deps, followed: () => this.#all.followed() }, new Date(since - CLOCK_SKEW_MS));
    } catch (error) {
      this.#missedSince = Math.min(since, this.#missedSince ?? since);
      throw error;
    }
    this.#hasFailed = false;
    this.#options.metrics.caughtUp();
  }

  #readTags(streamId: string): void {
    // What is asked for all streams again succeeds some time.
    this.#options.onTagged(streamId).catch(() => this.#miss(0));
  }

  /** Once, until it works again. */
  #tellFailure(error: unknown): void {
    if (!this.#hasFailed)
      this.#options.log.warn(
        { err: error },
        'what other servers told could not be read from the database; it is tried again',
      );
    this.#hasFailed = true;
  }
}
