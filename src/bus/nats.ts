/**
 * Core NATS as what carries: connected again for as long as it takes, and said to be up only while it answers. A client that is
 * not connected, or whose server does not read, would keep what is published without bound.
 */
import {
  connect,
  headers,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type PublishOptions,
} from '@nats-io/transport-node';
import type { Log } from '../domain/log.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { sleep } from '../threads/sleep.ts';
import { connectionOptions } from './connection-options.ts';
import type { OpenTransport, Transport, TransportHandlers } from './transport.ts';

export {
  connect,
  createInbox,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  RequestError,
  type Subscription,
} from '@nats-io/transport-node';

export interface NatsOptions {
  /** Of one cluster, such as `nats://user:password@host:4222`; `tls:` for one that speaks TLS. */
  servers: readonly string[];
  /** What subjects begin with: servers that share it hear each other. */
  subject: string;
  log: Pick<Log, 'info' | 'warn'>;
}

/** How often it is asked whether it is there, and how long it may take to answer, in milliseconds. */
const BEAT_MS = 500;
const ANSWER_MS = 1_500;
/** Sent and not known to have arrived, at most. */
const UNANSWERED_BYTES = 8 * 2 ** 20;
/** From one try to connect to the next. */
const AGAIN_MS = 500;
/** Longest wait for what was sent last. */
const CLOSE_MS = 1_000;

export function createNats(options: NatsOptions): OpenTransport {
  return (handlers) => new NatsTransport(options, handlers);
}

class NatsTransport implements Transport {
  readonly #options: NatsOptions;
  readonly #handlers: TransportHandlers;
  readonly #closing = new AbortController();
  readonly #beat: NodeJS.Timeout;
  #connection: NatsConnection | null = null;
  #isConnected = false;
  #isUp = false;
  /** When the question was asked that is not answered yet, and what was sent since the last answer. */
  #askedAt: number | null = null;
  #unanswered = 0;
  /** Why it was away, since it was up last. */
  readonly #told = new Set<string>();

  constructor(options: NatsOptions, handlers: TransportHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#beat = setInterval(() => this.#ask(), BEAT_MS).unref();
    void this.#stayConnected();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  send(path: readonly string[], bytes: Uint8Array, traceparent?: string): void {
    const connection = this.#connection;
    if (!this.#isUp || connection === null) return;
    const subject = [this.#options.subject, ...path.map(asToken)].join('.');
    connection.publish(subject, bytes, withTraceparent(connection, traceparent));
    this.#unanswered += bytes.length;
    if (this.#unanswered > UNANSWERED_BYTES) this.#judge();
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    this.#closing.abort();
    this.#isUp = false;
    const connection = this.#connection;
    // What was sent last tells of ends.
    if (connection !== null && this.#isConnected) await settledWithin(connection.drain(), CLOSE_MS);
    await connection?.close();
  }

  async #stayConnected(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        const connection = await connect(connectionOptions(this.#options));
        this.#connection = connection;
        if (this.#closing.signal.aborted) return await connection.close();
        await this.#use(connection);
      } catch (error) {
        this.#tellAway(error);
      }
      this.#isConnected = false;
      this.#judge();
      await sleep(AGAIN_MS, this.#closing.signal);
    }
  }

  /** Until it is closed; it connects again by itself. */
  async #use(connection: NatsConnection): Promise<void> {
    connection.subscribe(`${this.#options.subject}.>`, {
      callback: (error, message) => {
        if (error === null) this.#handlers.onMessage(message.data, traceparentOf(message));
      },
    });
    this.#connected(true);
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'close') this.#connected(false);
      if (status.type === 'reconnect') this.#connected(true);
      if (status.type === 'error') this.#tellAway(status.error);
    }
  }

  #connected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#askedAt = null;
    this.#unanswered = 0;
    if (isConnected) this.#ask();
    else this.#judge();
  }

  /** It is up when it has answered. */
  #ask(): void {
    const connection = this.#connection;
    // Behind what came in meanwhile: a thread that was busy has not read the answer yet.
    if (this.#askedAt !== null) setImmediate(() => this.#judge());
    if (connection === null || !this.#isConnected || this.#askedAt !== null) return;
    const askedAt = performance.now();
    const sent = this.#unanswered;
    this.#askedAt = askedAt;
    connection.flush().then(
      () => {
        if (this.#askedAt !== askedAt) return;
        this.#askedAt = null;
        this.#unanswered -= sent;
        this.#judge();
      },
      (error: unknown) => this.#tellAway(error),
    );
  }

  #judge(): void {
    if (this.#closing.signal.aborted) return;
    const waited = this.#askedAt === null ? 0 : performance.now() - this.#askedAt;
    const wasUp = this.#isUp;
    const isNew = !wasUp && this.#askedAt !== null;
    this.#isUp = this.#isConnected && !isNew && waited < ANSWER_MS && this.#unanswered <= UNANSWERED_BYTES;
    if (this.#isUp === wasUp) return;
    if (this.#isUp) {
      this.#told.clear();
      this.#options.log.info({ nats: this.#connection?.getServer() }, 'NATS carries what is live');
      this.#handlers.onUp();
    } else {
      this.#tellAway(this.#isConnected ? 'it does not answer' : 'the connection was lost');
      this.#handlers.onDown();
    }
  }

  /** Once for each reason. */
  #tellAway(error: unknown): void {
    const why = whyOf(error);
    if (this.#closing.signal.aborted || this.#told.has(why)) return;
    this.#told.add(why);
    this.#options.log.warn(
      { why },
      'NATS is away: what other servers tell is read from the database until it is back',
    );
  }
}

/** What is sent along so that whoever gets it can go on with the trace; NATS before 2.2 has no headers. */
export function withTraceparent(
  { info }: Pick<NatsConnection, 'info'>,
  traceparent: string | undefined,
): Pick<PublishOptions, 'headers'> {
  if (traceparent === undefined || info?.headers !== true) return {};
  const given = headers();
  given.set(TRACEPARENT, traceparent);
  return { headers: given };
}

export function traceparentOf({ headers }: Pick<Msg, 'headers'>): string | undefined {
  return headers?.get(TRACEPARENT) || undefined;
}

/** By https://www.w3.org/TR/trace-context/. */
const TRACEPARENT = 'traceparent';

/** Without the subject, of which there is one for each session. */
function whyOf(error: unknown): string {
  if (error instanceof PermissionViolationError)
    return `its rights do not cover each ${error.operation} of mien`;
  return error instanceof Error ? error.message : String(error);
}

/** A subject's token must not hold a dot or a wildcard. */
function asToken(id: string): string {
  return /^[\w-]+$/.test(id) ? id : '-';
}
