/** Tells other nodes what happens here, numbered: only while it is carried, and nothing is kept for later. */
import type { Log } from '../domain/log.ts';
import { sessionOf } from './topics.ts';
import type { Transport } from './transport.ts';
import { createEncoder, type Message } from './wire/message.ts';

export interface SenderOptions {
  node: string;
  transport: Pick<Transport, 'isUp' | 'send'>;
  metrics: { sent(bytes: number): void; withheld(): void };
  log: Pick<Log, 'error'>;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #encode: ReturnType<typeof createEncoder>;
  /** How much was told so far. */
  #number = 0;
  /** Why something could not be sent. */
  readonly #refused = new Set<string>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#encode = createEncoder(options.node);
  }

  tell(message: Exclude<Message, { here: unknown }>): void {
    // Also what is not sent has a number: so the others notice.
    this.#number += 1;
    if (this.#options.transport.isUp) this.#send(message, this.#number);
    else this.#options.metrics.withheld();
  }

  /** That this node is there, and how much it has told. @param worker by which it runs sessions */
  tellHere(worker: string | null): void {
    if (this.#options.transport.isUp) this.#send({ here: { worker, told: this.#number } }, 0);
  }

  #send(message: Message, number: number): void {
    const { transport, metrics } = this.#options;
    const event = 'event' in message ? message.event : null;
    try {
      const bytes = this.#encode(message, number);
      const path = [event?.streamId ?? '', (event && sessionOf(event)) ?? ''];
      transport.send(path, bytes, event?.kind === 'moment' ? event.moment.trace?.traceparent : undefined);
      metrics.sent(bytes.length);
    } catch (error) {
      this.#tellRefused(error);
    }
  }

  /** Once for each reason: a picture full of faces is larger than NATS takes, and the next one is, too. */
  #tellRefused(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!this.#refused.has(why))
      this.#options.log.error(
        { why },
        'what happened here could not be told to other servers, which read it from the database',
      );
    this.#refused.add(why);
  }
}
