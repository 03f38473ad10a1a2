/**
 * What servers of one database ask each other, over core NATS on a connection of its own: a question for all, whose answers are
 * collected for a moment, and a request to one of them. Nothing is kept: who is not there is not asked.
 */
import type { Log } from '../domain/log.ts';
import type { OperationTracer } from '../domain/trace.ts';
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';
import { createCollector } from './collect-answers.ts';
import { connectionOptions } from './connection-options.ts';
import { followAnswering, followAsking } from './follow-requests.ts';
import {
  connect,
  type Msg,
  type NatsConnection,
  RequestError,
  traceparentOf,
  withTraceparent,
} from './nats.ts';
import { NatsPermissions } from './nats-permissions.ts';
import { type AnsweredError, AWAY, asAnswered, GONE, SILENT, unavailable } from './request-errors.ts';

export interface RequestsOptions {
  /** Of one cluster, as of `createNats`. */
  servers: readonly string[];
  /** What subjects begin with: servers that share it hear each other. */
  subject: string;
  /** By which others expect an answer of this server; null or none: they do not. */
  id?: () => string | null;
  /** The ids of all others who should answer what all are asked. */
  expected?: () => Promise<readonly string[]>;
  /** Undefined: nobody wants to know where time goes. */
  tracer?: OperationTracer | undefined;
  log: Pick<Log, 'warn' | 'error'>;
}

export type Answerer = (question: unknown) => unknown;

export interface Requests {
  /** Whether NATS is there, as far as is known. */
  readonly isUp: boolean;
  /** What NATS does not let this server do, and what to do about it; null: nothing. */
  readonly refusal: string | null;
  /** Everybody else who answers this kind hears it, and nobody is waited for. */
  tell(kind: string): void;
  /** The answers of all who are there, two seconds from now at most; who fails gives none. */
  askAll(kind: string, question?: unknown): Promise<unknown[]>;
  /**
   * @param kind one that a single server answers
   * @throws MienError what it answers with; SHUTTING_DOWN: nobody is asked by this; WORKER_UNAVAILABLE: it has not answered after so
   * many milliseconds, or NATS is away
   */
  ask(kind: string, question: unknown, ms: number): Promise<unknown>;
  /** @returns what ends it */
  answer(kind: string, answerer: Answerer): () => void;
  close(): Promise<void>;
}

/** From one try to connect to the next. */
const AGAIN_MS = 500;

type Answer = { value: unknown } | { error: AnsweredError };

export function openRequests(options: RequestsOptions): Requests {
  return new NatsRequests(options);
}

class NatsRequests implements Requests {
  readonly #options: RequestsOptions;
  readonly #closing = new AbortController();
  readonly #collect = createCollector();
  readonly #permissions: NatsPermissions;
  readonly #answerers = new Map<string, { answerer: Answerer; stop: () => void }>();
  #connection: NatsConnection | null = null;
  #isConnected = false;
  #told = '';

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#permissions = new NatsPermissions(options.log);
    void this.#stayConnected();
  }

  get isUp(): boolean {
    return this.#isConnected;
  }

  get refusal(): string | null {
    return this.#permissions.sentence;
  }

  tell(kind: string): void {
    if (this.#isConnected) this.#connection?.publish(this.#subject(kind));
  }

  async askAll(kind: string, question: unknown = null): Promise<unknown[]> {
    const connection = this.#connection;
    if (connection === null || !this.#isConnected) return [];
    // A database that is away is told by whoever needs it: then it is not known who should answer.
    const expected = this.#options.expected?.().catch(() => null) ?? Promise.resolve(null);
    const asked = { subject: this.#subject(kind), bytes: toBytes(question), expected };
    return followAsking(this.#options.tracer, kind, (traceparent) =>
      this.#collect(connection, { ...asked, traceparent }),
    );
  }

  async ask(kind: string, question: unknown, ms: number): Promise<unknown> {
    const connection = this.#connection;
    if (connection === null || !this.#isConnected) throw unavailable(AWAY);
    let answer: Answer;
    try {
      const answered = await followAsking(this.#options.tracer, kind, (traceparent) => {
        const asked = { timeout: ms, noMux: true, ...withTraceparent(connection, traceparent) };
        return connection.request(this.#subject(kind), toBytes(question), asked);
      });
      answer = answered.json();
    } catch (cause) {
      if (cause instanceof RequestError && cause.isNoResponders()) throw new MienError('SHUTTING_DOWN', GONE);
      throw unavailable(this.refusal ?? SILENT, cause);
    }
    if ('value' in answer) return answer.value;
    const { code, message } = answer.error;
    throw code === 'INTERNAL' ? new Error(message) : new MienError(code, message);
  }

  answer(kind: string, answerer: Answerer): () => void {
    this.#answerers.set(kind, { answerer, stop: () => {} });
    this.#listen(kind);
    return () => {
      this.#answerers.get(kind)?.stop();
      this.#answerers.delete(kind);
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // What was answered last goes out.
    if (this.#isConnected) await this.#connection?.flush().catch(noop);
    this.#isConnected = false;
    await this.#connection?.close();
  }

  #subject(kind: string): string {
    return `${this.#options.subject}.${kind}`;
  }

  /** Once connected, for as long as that lasts; NATS' client subscribes anew by itself when it is connected again. */
  #listen(kind: string): void {
    const entry = this.#answerers.get(kind);
    if (entry === undefined || this.#connection === null) return;
    const subscription = this.#connection.subscribe(this.#subject(kind), {
      callback: (error, message) => {
        if (error !== null) return;
        const work = () => this.#reply(entry.answerer, message);
        void followAnswering(this.#options.tracer, kind, traceparentOf(message), work);
      },
    });
    entry.stop = () => subscription.unsubscribe();
  }

  /** Never rejects. */
  async #reply(answerer: Answerer, message: Msg): Promise<void> {
    const by = this.#options.id?.() ?? undefined;
    const respond = (answer: Answer) => {
      if (message.reply && this.#isConnected) message.respond(toBytes({ ...answer, by }));
    };
    try {
      const value = await answerer(message.data.length === 0 ? null : message.json());
      respond({ value: value ?? null });
    } catch (error) {
      if (!(error instanceof MienError))
        this.#options.log.error({ err: error, asked: message.subject }, 'another server asked in vain');
      respond({ error: asAnswered(error) });
    }
  }

  async #stayConnected(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        const connection = await connect(connectionOptions(this.#options));
        if (this.#closing.signal.aborted) return await connection.close();
        await this.#use(connection);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (why !== this.#told)
          this.#options.log.warn({ why }, 'NATS is away: servers cannot ask each other');
        this.#told = why;
      }
      this.#isConnected = false;
      this.#connection = null;
      await sleep(AGAIN_MS, this.#closing.signal);
    }
  }

  /** Until it is closed; it connects again by itself. */
  async #use(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    this.#permissions.forget();
    this.#isConnected = true;
    for (const kind of this.#answerers.keys()) this.#listen(kind);
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'close') this.#isConnected = false;
      if (status.type === 'error') this.#permissions.note(status.error);
      if (status.type !== 'reconnect') continue;
      this.#permissions.forget();
      this.#isConnected = true;
    }
  }
}

const toBytes = (value: unknown) => JSON.stringify(value);

function noop(): void {}
