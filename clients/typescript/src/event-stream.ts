/** Subscriptions as server-sent events, each by a request of its own: works wherever `fetch` does. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ConnectionLost } from './errors.ts';
import { answerOf, type GraphQLRequest, lost, post } from './http.ts';
import type { Answer, Server } from './server.ts';
import type { SubscribeOptions, Transport } from './transport.ts';

/** The server pings every 12 seconds; a connection that is silent for longer than this is dead. */
const MAX_SILENCE_MS = 30_000;

export function eventStream(): Transport {
  return { subscribe };
}

async function* subscribe(
  server: Server,
  request: GraphQLRequest,
  { signal, onOpen }: SubscribeOptions,
): AsyncGenerator<Answer, void> {
  signal.throwIfAborted();
  const closing = new AbortController();
  const close = () => closing.abort(signal.reason);
  signal.addEventListener('abort', close, { once: true });
  let silence: ReturnType<typeof setTimeout> | undefined;
  const onSend = () => {
    silence = setTimeout(
      () => closing.abort(new ConnectionLost('the server does not answer')),
      MAX_SILENCE_MS,
    );
  };
  try {
    const asked = { accept: 'text/event-stream', signal: closing.signal, onSend };
    const response = await post(server, request, asked);
    if (!isEventStream(response)) {
      server.dataOf(await answerOf(server, response, closing.signal));
      throw new ConnectionLost('the server answered without a stream of events');
    }
    clearTimeout(silence);
    onOpen?.();
    yield* events(response.body!, closing, signal);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', close);
    closing.abort();
  }
}

async function* events(
  body: ReadableStream<Uint8Array>,
  closing: AbortController,
  signal: AbortSignal,
): AsyncGenerator<Answer, void> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const silence = setTimeout(() => closing.abort(), MAX_SILENCE_MS);
    const { done, value } = await reader
      .read()
      .catch((cause) => {
        throw lost(cause, signal);
      })
      .finally(() => clearTimeout(silence));
    if (done) throw new ConnectionLost('the server closed the connection');
    parser.feed(decoder.decode(value, { stream: true }));
    for (const { event, data } of arrived.splice(0)) {
      if (event === 'complete') return;
      if (event === 'next') yield JSON.parse(data) as Answer;
    }
  }
}

function isEventStream({ headers, body }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true && body !== null;
}
