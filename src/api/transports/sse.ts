/** Subscriptions over server-sent events (graphql-sse, distinct connections), written at the pace of the socket. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Delivery, type Form, jsonOf } from '../fanout/delivery.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { Feed, type Outlet } from '../fanout/feed.ts';

const PING_MS = 12_000;
const HEAD = Buffer.from('event: next\ndata: ');
const END = Buffer.from('\n\n');
const PING = Buffer.from(':\n\n');
const COMPLETE = Buffer.from('event: complete\ndata:\n\n');

export interface SseOptions {
  fanout: Fanout;
  onOpen?: () => void;
  onClose?: () => void;
}

/** Runs subscriptions through the fan-out, and writes its feeds instead of Yoga's own processor. */
export function useSse({ fanout, onOpen, onClose }: SseOptions): Plugin<object, { res: ServerResponse }> {
  const feeds = new WeakMap<object, Feed>();
  return {
    onSubscribe({ args, setSubscribeFn }) {
      setSubscribeFn(async () => {
        const feed = await fanout.subscribe(args);
        if (feed instanceof Feed) feeds.set(args.contextValue.request, feed);
        return feed;
      });
    },
    onResultProcess({ request, resultProcessor, acceptableMediaTypes, setResultProcessor, serverContext }) {
      const feed = feeds.get(request);
      if (!feed) return;
      if (!resultProcessor || !acceptableMediaTypes.includes('text/event-stream')) {
        void feed.return();
        return;
      }
      setResultProcessor((_result, { Response }) => {
        onOpen?.();
        serverContext.res.once('close', () => {
          void feed.return();
          onClose?.();
        });
        if (serverContext.res.destroyed) void feed.return();
        const { body } = new EventStream(feed, serverContext.res);
        return new Response(body as unknown as BodyInit, {
          headers: {
            'content-type': 'text/event-stream; charset=utf-8',
            'cache-control': 'no-cache',
            connection: 'keep-alive',
            'x-accel-buffering': 'no',
          },
        });
      }, 'text/event-stream');
    },
  };
}

/**
 * A feed as the body of an answer. Yoga is given a body that stays empty until the feed ends; once that is what the
 * answer waits for, events go to the socket below it, in chunks that are made once for all who hear them.
 */
class EventStream implements Outlet, Form {
  readonly body = new Readable({ read() {} });
  readonly key: string;
  /** Until the answer has begun, too. */
  full = true;
  readonly #feed: Feed;
  readonly #response: ServerResponse;
  #socket: Socket | null = null;
  #ping: NodeJS.Timeout | undefined;

  constructor(feed: Feed, response: ServerResponse) {
    this.#feed = feed;
    this.#response = response;
    // A client of HTTP/1.0 reads to the end of the connection.
    this.key = response.req.httpVersionMinor > 0 ? 'event/chunked' : 'event';
    response.once('pipe', () => {
      response.flushHeaders();
      if (response.socket) this.#begin(response.socket);
      else response.once('socket', (socket) => queueMicrotask(() => this.#begin(socket)));
    });
    response.once('close', () => this.#leave());
  }

  write(delivery: Delivery, missed: number): void {
    this.#put(delivery.bytes(this, missed));
  }

  encode(json: Buffer): Buffer {
    return this.#frame([HEAD, json, END]);
  }

  end(failure: unknown): void {
    this.#leave();
    if (failure) this.body.push(Buffer.concat([HEAD, jsonOf({ errors: [failure as GraphQLError] }), END]));
    this.body.push(COMPLETE);
    this.body.push(null);
  }

  /** Where the answer's headers have been written, and nothing else is under way. */
  #begin(socket: Socket): void {
    if (this.#response.closed) return;
    this.#socket = socket;
    socket.on('drain', this.#room);
    this.#room();
    // Some browsers report an open connection only when the first bytes arrive.
    const ping = this.#frame([PING]);
    this.#put(ping);
    this.#ping = setInterval(() => {
      if (!this.full) this.#put(ping);
    }, PING_MS);
    this.#feed.attach(this);
  }

  #put(bytes: Buffer): void {
    if (this.#socket?.write(bytes) === false) this.full = true;
  }

  readonly #room = (): void => {
    this.full = false;
    this.#feed.flush();
  };

  #leave(): void {
    clearInterval(this.#ping);
    this.#socket?.off('drain', this.#room);
    this.#socket = null;
  }

  #frame(parts: readonly Buffer[]): Buffer {
    if (this.key === 'event') return Buffer.concat(parts);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), ...parts, CRLF]);
  }
}

const CRLF = Buffer.from('\r\n');
