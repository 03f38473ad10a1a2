/** From a subscriber to its WebSocket: what one operation of graphql-ws is sent. */
import type { Delivery, WireFormat } from '../fanout/delivery.ts';
import { emptyIterator } from '../fanout/empty-iterator.ts';
import type { DeliveryWriter, Subscriber } from '../fanout/subscriber.ts';
import type { WsConnection } from './ws-backpressure.ts';
import { textHeader } from './ws-frame-header.ts';

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
  const stopListening = connection.onRoom(() => subscriber.writeNext());
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
  return emptyIterator(subscriber, over);
}

const HEAD = Buffer.from('{"type":"next","payload":');
const ID = Buffer.from(',"id":');

/**
 * Deliveries as the `next` messages of one operation. The id comes last: all before it is shared with
 * every operation whose id is as long, and copied for none.
 */
class NextMessageWriter implements DeliveryWriter, WireFormat {
  readonly key: string;
  readonly end: (failure: unknown) => void;
  readonly #connection: WsConnection;
  readonly #tail: Buffer;

  constructor(connection: WsConnection, id: string, end: (failure: unknown) => void) {
    this.#connection = connection;
    this.end = end;
    this.#tail = Buffer.from(`${JSON.stringify(id)}}`);
    this.key = `next/${this.#tail.length}`;
  }

  get full(): boolean {
    return this.#connection.full;
  }

  write(delivery: Delivery, skipped: number): void {
    this.#connection.writeFrame(delivery.bytes(this, skipped), this.#tail);
  }

  encode(json: Buffer): Buffer {
    const length = HEAD.length + json.length + ID.length + this.#tail.length;
    return Buffer.concat([textHeader(length), HEAD, json, ID]);
  }
}
