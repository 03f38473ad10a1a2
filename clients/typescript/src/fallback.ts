/** Two ways for subscriptions: a second one where what lies before the server, such as a proxy, does not pass the first. */
import { ConnectionLost } from './errors.ts';
import type { Answer, Server } from './server.ts';
import type { SubscribeOptions, Transport } from './transport.ts';

/** So long the first may take to open, as long as it never has. */
const PATIENCE_MS = 8_000;
/** So long the second is taken, before the first is tried anew. */
const SECOND_MS = 300_000;
/** So long is a break of the first one of the connection: where it opens no more, something else may lie between since. */
const KNOWN_MS = 60_000;

export interface FallbackOptions {
  /** Told why subscriptions go the second way from now on; null: the first opens, after all. */
  onFallback?: (reason: string | null) => void;
}

/**
 * Subscriptions by `first`; by `second` where that opens and `first` does not. For a minute after `first` has stood, a break is one of
 * the connection, and `first` is tried again.
 *
 * @example createMien({ url, transport: withFallback(webSocket(), eventStream()) })
 */
export function withFallback(
  first: Transport,
  second: Transport,
  { onFallback }: FallbackOptions = {},
): Transport {
  const known = new WeakMap<Server, Ways>();
  const waysTo = (server: Server): Ways => {
    const ways = known.get(server) ?? createWays(onFallback);
    known.set(server, ways);
    return ways;
  };
  return {
    subscribe: (server, request, options) =>
      subscribe(
        waysTo(server),
        (given) => first.subscribe(server, request, given),
        (given) => second.subscribe(server, request, given),
        options,
      ),
  };
}

type Begin = (options: SubscribeOptions) => AsyncGenerator<Answer, void>;

async function* subscribe(
  ways: Ways,
  first: Begin,
  second: Begin,
  { signal, onOpen }: SubscribeOptions,
): AsyncGenerator<Answer, void> {
  let reason: string | null = null;
  if (ways.mayTakeFirst()) {
    let isOpen = false;
    const opened = () => {
      isOpen = true;
      ways.firstOpened();
      onOpen?.();
    };
    try {
      return yield* (ways.isFirstKnown() ? first : patient(first))({ signal, onOpen: opened });
    } catch (error) {
      const isBreak = isOpen || ways.isFirstKnown();
      if (signal.aborted || isBreak || !(error instanceof ConnectionLost)) throw error;
      reason = error.message;
    } finally {
      if (isOpen) ways.firstEnded();
    }
  }
  const opened = () => {
    if (reason !== null) ways.secondOpened(reason);
    onOpen?.();
  };
  try {
    yield* second({ signal, onOpen: opened });
  } catch (error) {
    // Where this connection broke, something else may lie between now.
    if (error instanceof ConnectionLost) ways.secondLost();
    throw error;
  }
}

/** Gives up what does not open in time. */
function patient(begin: Begin): Begin {
  return async function* ({ signal, onOpen }) {
    signal.throwIfAborted();
    const giveUp = new AbortController();
    const stop = () => giveUp.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const late = setTimeout(
      () => giveUp.abort(new ConnectionLost('the server does not answer')),
      PATIENCE_MS,
    );
    const opened = () => {
      clearTimeout(late);
      onOpen?.();
    };
    try {
      yield* begin({ signal: giveUp.signal, onOpen: opened });
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
    }
  };
}

type Ways = ReturnType<typeof createWays>;

/** What is known of the ways to one server. */
function createWays(onFallback: FallbackOptions['onFallback']) {
  /** How many subscriptions stand by the first. */
  let standing = 0;
  /** By `performance.now()`. */
  let knownUntil = 0;
  let secondUntil = 0;
  let isTold = false;
  const tell = (reason: string | null) => {
    if (isTold === (reason !== null)) return;
    isTold = reason !== null;
    onFallback?.(reason);
  };
  const isFirstKnown = () => standing > 0 || performance.now() < knownUntil;
  return {
    isFirstKnown,
    mayTakeFirst: () => performance.now() >= secondUntil,
    firstOpened() {
      standing += 1;
      secondUntil = 0;
      tell(null);
    },
    firstEnded() {
      standing -= 1;
      knownUntil = performance.now() + KNOWN_MS;
    },
    secondOpened(reason: string) {
      // The first has opened meanwhile.
      if (isFirstKnown()) return;
      secondUntil = performance.now() + SECOND_MS;
      tell(reason);
    },
    secondLost() {
      secondUntil = 0;
    },
  };
}
