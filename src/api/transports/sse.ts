/** Subscriptions over server-sent events (graphql-sse, distinct connections), written at the pace of the socket. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Delivery, jsonOf, type WireFormat } from '../fanout/delivery.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { withoutResults } from '../fanout/results.ts';
import { type DeliveryWriter, Subscriber } from '../fanout/subscriber.ts';

const PING_MS = 12_000;
const HEAD = Buffer.from('event: next\ndata: ');
const END = Buffer.from('\n\n');
const PING = Buffer.from(':\n\n');
const COMPLETE = Buffer.from('event: complete\ndata:\n\n');

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
};

export interface SseOptions {
  fanout: Fanout;
  onOpen?: () => void;
  onClose?: () => void;
}

/** Runs subscriptions through the fan-out, and writes their deliveries instead of Yoga's own processor. */
export function useSse({ fanout, onOpen, onClose }: SseOptions): Plugin<object, { res: ServerResponse }> {
  const subscribers = new WeakMap<object, Subscriber>();
  return {
    onSubscribe({ args, setSubscribeFn }) {
      setSubscribeFn(async () => {
        const subscriber = await fanout.subscribe(args);
        if (!(subscriber instanceof Subscriber)) return subscriber;
        subscribers.set(args.contextValue.request, subscriber);
        return withoutResults(subscriber, Promise.resolve());
      });
    },
    onResultProcess({ request, resultProcessor, acceptableMediaTypes, setResultProcessor, serverContext }) {
      const subscriber = subscribers.get(request);
      if (!subscriber) return;
      if (!resultProcessor || !acceptableMediaTypes.includes('text/event-stream')) {
        subscriber.close();
        return;
      }
      setResultProcessor((_result, { Response }) => {
        onOpen?.();
        serverContext.res.once('close', () => {
          subscriber.close();
          onClose?.();
        });
        if (serverContext.res.destroyed) subscriber.close();
        const { body } = new EventStreamWriter(subscriber);
        return new Response(body as unknown as BodyInit, { headers: HEADERS });
      }, 'text/event-stream');
    },
  };
}

/** A subscriber's deliveries as the body of an answer, in bytes that are made once for all who get them. */
class EventStreamWriter implements DeliveryWriter, WireFormat {
  readonly key = 'event';
  readonly body = new Readable({ read: () => this.#onRoom() });
  full = false;
  readonly #subscriber: Subscriber;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber;
    // Some browsers report an open connection only when the first bytes arrive.
    this.#push(PING);
    this.#keepAlive = setInterval(() => {
      if (!this.full) this.#push(PING);
    }, PING_MS);
    this.body.once('close', () => clearInterval(this.#keepAlive));
    subscriber.attach(this);
  }

  write(delivery: Delivery, missed: number): void {
    this.#push(delivery.bytes(this, missed));
  }

  encode(json: Buffer): Buffer {
    return Buffer.concat([HEAD, json, END]);
  }

  end(failure: unknown): void {
    clearInterval(this.#keepAlive);
    if (failure) this.#push(this.encode(jsonOf({ errors: [failure as GraphQLError] })));
    this.#push(COMPLETE);
    this.body.push(null);
  }

  #push(bytes: Buffer): void {
    if (!this.body.push(bytes)) this.full = true;
  }

  #onRoom(): void {
    this.full = false;
    this.#subscriber.flush();
  }
}
