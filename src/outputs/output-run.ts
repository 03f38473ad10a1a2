/**
 * One output that is turned on. One loop takes what is published, as fast as it comes, and makes messages of it; another brings
 * them to the receiver, however slowly. Between the two a bounded queue drops the oldest.
 */
import type { LiveEvent } from '../domain/live-event.ts';
import type { OutputRecord, OutputStatus } from '../domain/output.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { type DeliverOptions, deliver } from './deliver.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { EventSelection, type SelectedEvent, selectedKinds } from './event-selection.ts';
import type { OutputMessage, StreamName } from './message.ts';
import type { EventQueue, OutputDeps } from './ports.ts';
import type { Sender } from './sender.ts';
import type { StreamNames } from './stream-names.ts';
import { Tally } from './tally.ts';
import { UnendedEvents } from './unended-events.ts';

/** Events that may wait for the loop that takes them. */
const EVENTS = 1024;
/** What waits is brought to its receiver for so long when the server ends. */
export const LAST_MS = 3_000;

export interface RunOptions extends Pick<OutputDeps, 'feed' | 'metrics' | 'log' | 'now'> {
  record: OutputRecord;
  sender: Sender;
  names: StreamNames;
  /** The receiver wants no more, in a sentence. */
  onOver(why: string): void;
  pauses?: DeliverOptions['pauses'];
}

export class OutputRun {
  readonly #options: RunOptions;
  readonly #tally: Tally;
  readonly #selection: EventSelection;
  readonly #queue: DeliveryQueue;
  readonly #feed: EventQueue<SelectedEvent>;
  readonly #unended: UnendedEvents;
  readonly #end = new AbortController();
  /** Streams that were removed, and of whose end this server tells all receivers. */
  readonly #ours = new Set<string>();
  /** The event that messages are about to be made of; null: none, or it was erased meanwhile. */
  #inHand: SelectedEvent | null = null;
  /** The message under way, and what ends that. */
  #current: { message: OutputMessage; end: AbortController } | null = null;
  readonly #reading: Promise<void>;
  readonly #delivering: Promise<void>;

  constructor(options: RunOptions) {
    const { record, feed, metrics, sender, now } = options;
    this.#options = options;
    this.#tally = new Tally(record, metrics, 'READY', now);
    this.#selection = new EventSelection(record, now);
    this.#unended = new UnendedEvents(now);
    this.#queue = new DeliveryQueue(this.#tally.dropped);
    const scope = record.streamId === null ? {} : { streamId: record.streamId };
    this.#feed = feed.subscribe(selectedKinds(record), scope, { capacity: EVENTS });
    sender.start?.(this.#tally, (streamId) => this.#selection.standing(streamId));
    this.#reading = this.#read().catch(this.#onBroken);
    this.#delivering = this.#deliver().catch(this.#onBroken);
  }

  get record(): OutputRecord {
    return this.#options.record;
  }

  get status(): OutputStatus {
    this.#tally.waiting(this.#queue.length);
    return this.#tally.status;
  }

  /** Lets go of what waits and tells of what was erased; what the receiver was told began is told to have ended. */
  forget(isGone: (event: LiveEvent) => boolean): void {
    if (this.#inHand && isGone(this.#inHand)) this.#inHand = null;
    const ended = [...this.#selection.forget(isGone), ...this.#queue.forget(isGone)];
    const { origin = null } = this.#current?.message ?? {};
    if (origin !== null && isGone(origin)) {
      ended.push(this.#current!.message);
      this.#current!.end.abort();
    }
    for (const message of this.#unended.erased(isGone, ended)) this.#queue.push(this.#asNow(message));
  }

  /** A stream is no more; that is told behind what was published of it here. @param isOurs no other server tells of it */
  removed(streamId: string, isOurs: boolean): void {
    if (isOurs) this.#ours.add(streamId);
    this.#feed.push({ kind: 'removed', streamId });
  }

  /** The server ends: what waits is brought to the receiver, for a moment at most; what is left is counted as dropped. */
  async drain(late: AbortSignal = AbortSignal.timeout(LAST_MS)): Promise<void> {
    this.#feed.end();
    await settledWithin(this.#reading, LAST_MS, late);
    this.#queue.close();
    await settledWithin(this.#delivering, LAST_MS, late);
    const left = this.#feed.length + this.#queue.length + Number(!!this.#inHand) + Number(!!this.#current);
    if (left > 0) this.#tellOf(left);
    await this.#over();
  }

  /**
   * Lets go of what waits.
   * @param becomes what the output is from now on; null: it is removed, or off
   * @param late the server ends
   */
  async close(becomes: OutputRecord | null, late?: AbortSignal): Promise<void> {
    await this.#over(becomes, late);
  }

  async #over(becomes?: OutputRecord | null, late?: AbortSignal): Promise<void> {
    this.#feed.close();
    this.#queue.clear();
    this.#queue.close();
    this.#end.abort();
    await this.#options.sender.close(becomes, late);
    await Promise.all([this.#reading, this.#delivering]);
    this.#tally.close();
  }

  #tellOf(left: number): void {
    this.#tally.dropped(left);
    const { log, record } = this.#options;
    log.warn(
      { output: record.id, dropped: left },
      'the server ends, and what an output still had was not taken by its receiver: it is lost to that',
    );
  }

  /** What ends without a moment of its own. */
  #asNow(message: OutputMessage): OutputMessage {
    if (message.type !== 'rule') return message;
    return { ...message, active: this.#selection.standing(message.stream.id).active(message.rule) };
  }

  async #read(): Promise<void> {
    for (;;) {
      const taken = await this.#feed.take();
      if (taken === null) return;
      const { event, skippedBefore } = taken;
      if (skippedBefore > 0) this.#tally.dropped(skippedBefore);
      this.#inHand = event;
      const stream = { id: event.streamId, name: await this.#options.names.of(event.streamId) };
      if (this.#inHand !== null) this.#take(this.#inHand, stream);
      this.#inHand = null;
    }
  }

  #take(event: SelectedEvent, stream: StreamName): void {
    const { streamId } = event;
    if (event.kind === 'removed')
      this.forget((other) => other.kind !== 'committed' && other.streamId === streamId);
    const isOurs = event.kind === 'removed' && this.#ours.delete(streamId);
    for (const message of this.#selection.messages(event, stream, isOurs)) this.#queue.push(message);
    this.#tally.waiting(this.#queue.length);
  }

  async #deliver(): Promise<void> {
    const { pauses } = this.#options;
    const sender = this.#remembering(this.#options.sender);
    for (;;) {
      await this.#queue.ready();
      const message = this.#queue.next();
      if (this.#end.signal.aborted || (message === null && this.#queue.isClosed)) return;
      if (message === null) continue;
      const end = new AbortController();
      this.#current = { message, end };
      const signal = AbortSignal.any([this.#end.signal, end.signal]);
      const parts = { sender, tally: this.#tally, signal, pauses, onUnexpected: this.#onUnexpected };
      const why = await deliver(message, parts);
      this.#current = null;
      this.#tally.waiting(this.#queue.length);
      if (why === null) continue;
      this.#options.onOver(why);
      return;
    }
  }

  /** The same, of which is known what it has told. */
  #remembering(sender: Sender): Pick<Sender, 'patience' | 'send'> {
    return {
      patience: sender.patience,
      send: (message, delivery) => this.#unended.tell(message, () => sender.send(message, delivery)),
    };
  }

  readonly #onUnexpected = (error: unknown): void => {
    this.#options.log.warn({ err: error, output: this.#options.record.id }, 'an output failed');
  };

  /** A fault of ours: it tells nothing any more, and says so. */
  readonly #onBroken = (error: unknown): void => {
    this.#feed.close();
    this.#queue.close();
    this.#onUnexpected(error);
    this.#tally.failing('Something went wrong inside mien; its log tells more. Turn it off and on again.');
  };
}
