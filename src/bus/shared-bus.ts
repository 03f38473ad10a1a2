/**
 * The bus of several servers on one database. What happens on this server reaches its own subscribers at once, as on the memory bus,
 * and then the others; what others tell is numbered by node, and comes once and in order. What does not come is read from
 * the database: once after whatever may have been missed, and each second while nothing is carried, or a server that runs sessions is not heard.
 */
import { randomBytes } from 'node:crypto';
import type { ErasureStep } from '../domain/erasure.ts';
import type { LiveEvent, LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import type { BoundedQueue } from './bounded-queue.ts';
import { catchUp, type Stored } from './catch-up.ts';
import { CoalescedTask } from './coalesced-task.ts';
import { LastKnownSessions } from './last-known-sessions.ts';
import { type Bus, type BusOptions, MemoryBus, type SubscribeOptions } from './memory-bus.ts';
import { Missed } from './missed.ts';
import { Receiver, type ReceiverOptions } from './receiver.ts';
import { Sender } from './sender.ts';
import type { OpenTransport, Transport } from './transport.ts';
import type { MessageHead } from './wire/message.ts';
import { WorkerPresence } from './worker-presence.ts';

export interface SharedBusOptions extends BusOptions, Pick<ReceiverOptions, 'follow'> {
  open: OpenTransport;
  stored: Stored;
  /** Another server has erased this: what waits here of it is to be let go of. */
  onErased(steps: readonly ErasureStep[]): void;
  /** Another server has registered this stream, or tagged it anew; null: any may be. */
  onTagged(streamId: string | null): Promise<void>;
  metrics: SharedBusMetrics;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** How often servers say that they are there, and the database is asked while one does not or nothing is carried, in milliseconds. */
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
  readonly #lastKnown = new LastKnownSessions();
  readonly #receiver: Receiver;
  readonly #catchUp: CoalescedTask;
  readonly #transport: Transport;
  readonly #timer: NodeJS.Timeout;
  readonly #sender: Sender;
  readonly #missed: Missed;
  readonly #present: WorkerPresence;
  #hasFailed = false;

  constructor(options: SharedBusOptions) {
    this.#options = options;
    this.#missed = new Missed(options.stored.now);
    this.own = new MemoryBus(options);
    this.#all = new MemoryBus(options);
    const node = randomBytes(8).toString('hex');
    this.#receiver = this.#openReceiver(node);
    const everyMs = options.everyMs ?? EVERY_MS;
    this.#present = new WorkerPresence({ everyMs, log: options.log });
    const onError = (error: unknown) => this.#tellFailure(error);
    this.#catchUp = new CoalescedTask({ work: () => this.#look(), onError });
    options.metrics.up(false);
    this.#transport = options.open({
      onMessage: (bytes, traceparent) => this.#receiver.receive(bytes, traceparent),
      onUp: () => this.#onUp(),
      onDown: () => this.#onDown(),
    });
    const { metrics, log } = options;
    this.#sender = new Sender({ node, transport: this.#transport, metrics, log });
    this.#timer = setInterval(() => this.#beat(), everyMs).unref();
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
    const { metrics, follow, log, waitMs } = this.#options;
    return new Receiver({
      ...{ node, metrics, follow, log, waitMs },
      isWanted: (head) => this.#isWanted(head),
      onEvent: (event) => {
        if (event.kind !== 'status' || !this.#lastKnown.isOld(event)) this.#publishHere(event);
      },
      onHole: () => this.#miss(),
      onErased: (steps) => this.#options.onErased(steps),
      onTagged: (streamId) => this.#readTags(streamId),
      onHere: (worker) => this.#present.note(worker),
    });
  }

  #isWanted({ kind, streamId, sessionId }: MessageHead): boolean {
    if (kind === 'erased' || kind === 'tagged' || kind === 'here') return true;
    return this.#all.hasListeners(kind, streamId, sessionId === '' ? undefined : sessionId);
  }

  #publishHere(event: LiveEvent): void {
    this.#lastKnown.note(event);
    this.#all.publish(event);
  }

  #onUp(): void {
    this.#options.metrics.up(true);
    this.#sender.tellHere(this.#options.stored.worker());
    this.#miss();
  }

  #onDown(): void {
    this.#options.metrics.up(false);
    this.#miss();
  }

  /** Something may not have been heard. */
  #miss(): void {
    this.#missed.note();
    this.#publishHere({ kind: 'committed', positions: null });
    this.#catchUp.request();
  }

  #beat(): void {
    this.#sender.tellHere(this.#options.stored.worker());
    if (this.#transport.isUp) this.#missed.look();
    if (!this.#transport.isUp || this.#all.hasSubscribers) this.#catchUp.request();
  }

  /** Nothing is to be read while all that is carried comes from all who run sessions. */
  async #look(): Promise<void> {
    const { stored, metrics } = this.#options;
    const isCarried = this.#transport.isUp && this.#present.areHeard(await stored.otherWorkers());
    if (!isCarried || this.#missed.isAny) {
      await this.#missed.read((since) => this.#readMissed(new Date(since - CLOCK_SKEW_MS)));
      metrics.caughtUp();
    }
    this.#hasFailed = false;
  }

  async #readMissed(since: Date): Promise<void> {
    const { stored, onTagged, onErased } = this.#options;
    await onTagged(null);
    onErased(await stored.erasedSince(since));
    const publish = (event: LiveEvent) => this.#publishHere(event);
    const followed = () => this.#all.followed();
    await catchUp({ stored, lastKnown: this.#lastKnown, publish, followed }, since);
  }

  /** What is asked for all streams again succeeds some time. */
  #readTags(streamId: string): Promise<void> {
    return this.#options.onTagged(streamId).catch(() => this.#miss());
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
