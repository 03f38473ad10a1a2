/** From a feed to a WebSocket: what one operation is sent. */

import type { Delivery, Form } from '../fanout/delivery.ts';
import type { Feed, Outlet } from '../fanout/feed.ts';
import type { Channel } from './ws-connection.ts';
import { textHeader } from './ws-frame.ts';

/**
 * Writes a feed's deliveries as `next` messages, without going through objects again. To graphql-ws it is a stream
 * without values that ends, or fails, when the feed does.
 */
export function pump(
  feed: Feed,
  id: string,
  channel: Channel,
  { onOpen, onClose }: { onOpen?: () => void; onClose?: () => void },
): AsyncGenerator<never, void, void> {
  const flush = () => feed.flush();
  onOpen?.();
  const over = new Promise<void>((resolve, reject) => {
    const end = (failure: unknown): void => {
      channel.forget(flush);
      onClose?.();
      if (failure) reject(failure);
      else resolve();
    };
    channel.onRoom(flush);
    feed.attach(new NextMessages(channel, id, end));
  });
  over.catch(() => {}); // graphql-ws hears of it when it asks for the next value
  return {
    next: () => over.then(() => ({ done: true, value: undefined }) as const),
    return: async () => {
      await feed.return();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      await feed.return();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  } as AsyncGenerator<never, void, void>;
}

const HEAD = Buffer.from('{"type":"next","payload":');
const ID = Buffer.from(',"id":');

/**
 * Deliveries as the `next` messages of one operation. The id comes last: all before it is shared with every operation
 * whose id is as long, and copied for none. (A class: of objects written out, each `full` would be a shape of its own.)
 */
class NextMessages implements Outlet, Form {
  readonly key: string;
  readonly end: (failure: unknown) => void;
  readonly #channel: Channel;
  readonly #tail: Buffer;

  constructor(channel: Channel, id: string, end: (failure: unknown) => void) {
    this.#channel = channel;
    this.end = end;
    this.#tail = Buffer.from(`${JSON.stringify(id)}}`);
    this.key = `next/${this.#tail.length}`;
  }

  get full(): boolean {
    return this.#channel.full;
  }

  write(delivery: Delivery, missed: number): void {
    this.#channel.write(delivery.bytes(this, missed), this.#tail);
  }

  encode(json: Buffer): Buffer {
    const length = HEAD.length + json.length + ID.length + this.#tail.length;
    return Buffer.concat([textHeader(length), HEAD, json, ID]);
  }
}
