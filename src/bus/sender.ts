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
  /** How many events were told so far. */
  #number = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#encode = createEncoder(options.node);
  }

  tell(message: Message): void {
    const { transport, metrics, log } = this.#options;
    const event = 'event' in message ? message.event : null;
    // Also what is not sent has a number: so the others notice.
    if (event !== null) this.#number += 1;
    if (!transport.isUp) {
      metrics.withheld();
      return;
    }
    try {
      const bytes = this.#encode(message, event === null ? 0 : this.#number);
      transport.send([event?.streamId ?? '', (event && sessionOf(event)) ?? ''], bytes);
      metrics.sent(bytes.length);
    } catch (error) {
      log.error({ err: error }, 'what happened here could not be told to other servers');
    }
  }
}
