/** From a subscriber to its WebSocket: what one operation of graphql-ws is sent. */
import type { Delivery, WireFormat } from '../fanout/delivery.ts';
import { withoutResults } from '../fanout/results.ts';
import type { DeliveryWriter, Subscriber } from '../fanout/subscriber.ts';
import type { WsConnection } from './ws-connection.ts';

/**
 * Writes a subscriber's deliveries as `next` messages, without going through objects again. What graphql-ws is given
 * to iterate has no values, and ends or fails when the subscription does.
 */
export function writeDeliveries(
  subscriber: Subscriber,
  id: string,
  connection: WsConnection,
  { onOpen, onClose }: { onOpen?: () => void; onClose?: () => void },
): AsyncGenerator<never, void, void> {
  onOpen?.();
  const stopListening = connection.onRoom(() => subscriber.flush());
  const over = new Promise<void>((resolve, reject) => {
    const end = (failure: unknown): void => {
      stopListening();
      onClose?.();
      if (failure) reject(failure);
      else resolve();
    };
    subscriber.attach(new NextMessageWriter(connection, id, end));
  });
  over.catch(() => {}); // graphql-ws hears of it when it asks for the next value
  return withoutResults(subscriber, over);
}

const HEAD = Buffer.from('{"type":"next","payload":');

/** Deliveries as the `next` messages of one operation. The id comes last: all before it is made once for everyone. */
class NextMessageWriter implements DeliveryWriter, WireFormat {
  readonly key = 'next';
  readonly end: (failure: unknown) => void;
  readonly #connection: WsConnection;
  readonly #tail: Buffer;

  constructor(connection: WsConnection, id: string, end: (failure: unknown) => void) {
    this.#connection = connection;
    this.end = end;
    this.#tail = Buffer.from(`,"id":${JSON.stringify(id)}}`);
  }

  get full(): boolean {
    return this.#connection.full;
  }

  write(delivery: Delivery, missed: number): void {
    this.#connection.sendBytes(Buffer.concat([delivery.bytes(this, missed), this.#tail]));
  }

  encode(json: Buffer): Buffer {
    return Buffer.concat([HEAD, json]);
  }
}
