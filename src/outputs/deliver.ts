/** One message to its receiver: tried again with growing pauses, so often and so long as its sender has patience. */
import { createBackoff } from '../threads/backoff.ts';
import { sleep } from '../threads/sleep.ts';
import type { OutputMessage } from './message.ts';
import { type Delivery, DeliveryError, newDelivery, type Sender } from './sender.ts';
import type { Tally } from './tally.ts';

/** From one try to the next, in milliseconds. */
const PAUSES = { shortest: 1_000, longest: 60_000 };

export interface DeliverOptions {
  sender: Pick<Sender, 'patience' | 'send'>;
  tally: Tally;
  signal: AbortSignal;
  /** Milliseconds. */
  pauses?: { shortest: number; longest: number } | undefined;
  onUnexpected(error: unknown): void;
}

/** @returns why the receiver wants no more, in a sentence; null: it goes on */
export async function deliver(message: OutputMessage, options: DeliverOptions): Promise<string | null> {
  const { sender, tally, signal } = options;
  const delivery = newDelivery(signal);
  const backoff = createBackoff(options.pauses ?? PAUSES);
  const until = performance.now() + sender.patience.milliseconds;
  for (let tries = 1; ; tries++) {
    const error = await attempt(message, delivery, options);
    if (error === null || signal.aborted) return null;
    tally.failing(error.message);
    if (error.consequence === 'STOP') return error.message;
    const pause = Math.max(backoff.next(), error.pause);
    // A moment that was not taken is past.
    const isLost = error.consequence === 'LOST' || message.type === 'moment';
    if (isLost || tries >= sender.patience.tries || performance.now() + pause > until) {
      tally.failed();
      return null;
    }
    await sleep(pause, signal);
    if (signal.aborted) return null;
  }
}

async function attempt(
  message: OutputMessage,
  delivery: Delivery,
  { sender, tally, onUnexpected }: DeliverOptions,
): Promise<DeliveryError | null> {
  try {
    await sender.send(message, delivery);
    if (!delivery.signal.aborted) tally.sent();
    return null;
  } catch (error) {
    // Whoever let go of it is told nothing of how it went.
    if (delivery.signal.aborted) return null;
    if (error instanceof DeliveryError) return error;
    onUnexpected(error);
    return new DeliveryError('Something went wrong inside mien; its log tells more.', 'LOST');
  }
}
