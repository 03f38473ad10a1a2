/** Takes what other nodes tell: what is damaged or of another version is left out, counted and logged once; events come once and in order. */
import type { ErasureStep } from '../domain/erasure.ts';
import type { LiveEventOf } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import type { FollowReceived } from '../domain/trace.ts';
import { InOrder } from './in-order.ts';
import type { HereBody } from './wire/bodies.ts';
import {
  decodeMessage,
  type Message,
  type MessageHead,
  type ReceivedMessage,
  type SharedEvent,
  versionOf,
  WIRE_VERSION,
} from './wire/message.ts';

export interface ReceiverOptions {
  /** What it tells itself is left out, should it come back. */
  node: string;
  /** Whether anybody here wants to know: what nobody does is not unpacked. */
  isWanted(head: MessageHead): boolean;
  onEvent(event: SharedEvent): void;
  onErased(steps: readonly ErasureStep[]): void;
  /** What the same node tells next waits for it. */
  onTagged(streamId: string): Promise<void>;
  /** A worker is there. */
  onHere(worker: string): void;
  /** Something was not told, or could not be read. */
  onHole(): void;
  metrics: { received(bytes: number): void; unreadable(): void };
  /** Undefined: nobody wants to know where time goes. */
  follow?: FollowReceived | undefined;
  log: Pick<Log, 'warn'>;
  /** As of `InOrder`. */
  waitMs?: number | undefined;
}

interface Arrived extends ReceivedMessage {
  /** Of a moment that is followed: where its trace stands, and when it came, in milliseconds since the epoch. */
  followed: { traceparent: string; at: number } | null;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #inOrder: InOrder<Arrived>;
  readonly #told = new Set<string>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#inOrder = new InOrder({
      onItem: (arrived) => this.#open(arrived),
      onHole: () => options.onHole(),
      ...(options.waitMs !== undefined && { waitMs: options.waitMs }),
    });
  }

  receive(bytes: Uint8Array, traceparent?: string): void {
    this.#options.metrics.received(bytes.length);
    if (versionOf(bytes) !== WIRE_VERSION) {
      const why = `a server of another version tells what this one does not understand (layout ${versionOf(bytes)}, not ${WIRE_VERSION})`;
      this.#leaveOut(why);
      return;
    }
    let received: ReceivedMessage;
    try {
      received = decodeMessage(bytes);
    } catch {
      this.#leaveOut(DAMAGED);
      return;
    }
    const { node, number } = received.head;
    if (node === this.#options.node) return;
    const followed = traceparent === undefined ? null : { traceparent, at: Date.now() };
    if (number > 0) this.#inOrder.push(node, number, { ...received, followed });
    else void this.#open({ ...received, followed });
  }

  close(): void {
    this.#inOrder.close();
  }

  #open({ head, body, followed }: Arrived): void | Promise<void> {
    const { isWanted, onEvent, onErased, onTagged } = this.#options;
    if (!isWanted(head)) return;
    let message: Message;
    try {
      message = body();
    } catch {
      this.#leaveOut(DAMAGED);
      return;
    }
    if ('event' in message && message.event.kind === 'moment') this.#tellMoment(message.event, followed);
    else if ('event' in message) onEvent(message.event);
    else if ('erased' in message) onErased(message.erased);
    else if ('here' in message) this.#hear(head.node, message.here);
    else return onTagged(message.taggedStream);
  }

  #tellMoment(event: LiveEventOf<'moment'>, followed: Arrived['followed']): void {
    const { onEvent, follow } = this.#options;
    const trace = followed && follow?.(followed.traceparent, followed.at);
    if (trace) event.moment.trace = trace;
    onEvent(event);
    trace?.end();
  }

  #hear(node: string, { worker, told }: HereBody): void {
    this.#inOrder.expect(node, told);
    if (worker !== null) this.#options.onHere(worker);
  }

  #leaveOut(why: string): void {
    const { metrics, log, onHole } = this.#options;
    metrics.unreadable();
    if (!this.#told.has(why))
      log.warn({ why }, 'what another server tells is left out, and read from the database');
    this.#told.add(why);
    onHole();
  }
}

const DAMAGED = 'a message is damaged';
