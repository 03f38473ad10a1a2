/** One way to a receiver. */
import type { OutputRecord, OutputTrial } from '../domain/output.ts';
import type { OutputMessage, Standing } from './message.ts';

export interface Sender {
  /** Tries a message that was not taken so many times, and for so long. */
  readonly patience: { tries: number; milliseconds: number };
  /** Resolves once it is taken. @throws DeliveryError */
  send(message: OutputMessage, delivery: Delivery): Promise<void>;
  /** Sends an example. Never rejects; once the signal aborts it may go on, but keeps nothing open. */
  trial(signal: AbortSignal): Promise<Omit<OutputTrial, 'milliseconds'>>;
  /** Begins what it does without any message. */
  start?(report: Report, standing: (streamId: string) => Standing): void;
  /**
   * Nothing is sent any more.
   * @param becomes what the output is from now on, null: it is removed, or off; what the receiver keeps that this does not name is
   * taken back. Left out: the server ends
   * @param late the server ends, and waits no longer for what is taken back
   */
  close(becomes?: OutputRecord | null, late?: AbortSignal): Promise<void>;
}

/** How a connection is doing that is kept open. */
export interface Report {
  connecting(): void;
  ready(): void;
  /** @param message in a sentence */
  failing(message: string): void;
}

/** The same at each try of a message. */
export interface Delivery {
  id: string;
  signal: AbortSignal;
}

export function newDelivery(signal: AbortSignal): Delivery {
  return { id: `msg_${crypto.randomUUID().replaceAll('-', '')}`, signal };
}

/** What of a message that was not taken: it is tried AGAIN, it is LOST, or the receiver wants no more (STOP). */
export type Consequence = 'AGAIN' | 'LOST' | 'STOP';

export class DeliveryError extends Error {
  readonly consequence: Consequence;
  /** The receiver asks to be left alone for so many milliseconds. */
  readonly pause: number;

  /** @param message a sentence that says what to do */
  constructor(message: string, consequence: Consequence, pause = 0) {
    super(message);
    this.consequence = consequence;
    this.pause = pause;
  }
}
