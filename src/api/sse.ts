/** Subscriptions over server-sent events (graphql-sse, distinct connections), written at the pace of the socket. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { eventOf, jsonOf } from './fanout/delivery.ts';
import type { Fanout } from './fanout/fanout.ts';
import { Feed } from './fanout/feed.ts';

const PING_MS = 12_000;
/** Bytes that wait in our hands, besides the socket's own buffer. */
const BUFFER = 16_384;
const PING = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

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
        return new Response(writeFeed(feed) as unknown as BodyInit, {
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

/** A feed as an event stream: takes the next event only when what went before has left. */
export function writeFeed(feed: Feed): Readable {
  let wanted = false;
  const body = new Readable({
    highWaterMark: BUFFER,
    read() {
      wanted = true;
      write();
    },
    destroy(error, callback) {
      clearInterval(ping);
      void feed.return().then(() => callback(error));
    },
  });
  const write = (): void => {
    while (wanted) {
      const event = feed.takeEvent();
      if (event === undefined) {
        if (feed.done) finish();
        return;
      }
      wanted = body.push(event);
    }
  };
  const finish = (): void => {
    wanted = false;
    feed.onReady = null;
    clearInterval(ping);
    if (feed.failure) body.push(eventOf(jsonOf({ errors: [feed.failure as GraphQLError] })));
    body.push(COMPLETE);
    body.push(null);
  };
  const ping = setInterval(() => {
    if (wanted) wanted = body.push(PING);
  }, PING_MS);
  // Some browsers report an open connection only when the first bytes arrive.
  body.push(PING);
  feed.onReady = write;
  return body;
}
