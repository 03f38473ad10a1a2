/**
 * A question for all who answer it. Whoever holds a lease should: they are waited for, two seconds at most. Who was waited for in
 * vain is not again, until an answer of theirs comes, however late.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription, withTraceparent } from './nats.ts';

export interface QuestionForAll {
  subject: string;
  bytes: string;
  /** Of what it is asked for, where that is followed. */
  traceparent: string | undefined;
  /** The ids of all others who should answer; null: it is not known. Never rejects. */
  expected: Promise<readonly string[] | null>;
}

/** `by`: the id of who answers, among those who are expected. */
type Answer = { value?: unknown; by?: string };

/** Gives the answers; who fails gives none. */
export type Collect = (connection: NatsConnection, question: QuestionForAll) => Promise<unknown[]>;

/** Longest wait for all; behind the first for those who are not expected; and for what comes too late. */
const ALL_MS = 2_000;
const OTHERS_MS = 150;
const LATE_MS = 10_000;

export function createCollector(): Collect {
  const silent = new Set<string>();
  return (connection, question) =>
    new Promise((resolve) => void new Collecting(connection, question, silent, resolve));
}

class Collecting {
  readonly #silent: Set<string>;
  readonly #resolve: (answers: unknown[]) => void;
  readonly #replies: Subscription;
  readonly #late: NodeJS.Timeout;
  readonly #answers: unknown[] = [];
  readonly #heard = new Set<string>();
  /** Undefined: it is being asked who they are. */
  #expected: readonly string[] | null | undefined;
  #others: NodeJS.Timeout | undefined;
  #othersHadTime = false;
  #isOver = false;

  constructor(
    connection: NatsConnection,
    { subject, bytes, traceparent, expected }: QuestionForAll,
    silent: Set<string>,
    resolve: (answers: unknown[]) => void,
  ) {
    this.#silent = silent;
    this.#resolve = resolve;
    const inbox = createInbox();
    this.#replies = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null || isNobody(message)) this.#end();
        else this.#note(message.json<Answer>());
      },
    });
    this.#late = setTimeout(() => this.#isLate(), ALL_MS);
    void expected.then((ids) => {
      this.#expected = ids;
      this.#look();
    });
    connection.publish(subject, bytes, { reply: inbox, ...withTraceparent(connection, traceparent) });
  }

  get #missing(): string[] {
    return (this.#expected ?? []).filter((id) => !this.#heard.has(id));
  }

  #note(answer: Answer): void {
    if (answer.by !== undefined) {
      this.#heard.add(answer.by);
      this.#silent.delete(answer.by);
    }
    if (this.#isOver) return;
    if ('value' in answer) this.#answers.push(answer.value);
    this.#others ??= setTimeout(() => {
      this.#othersHadTime = true;
      this.#look();
    }, OTHERS_MS);
    this.#look();
  }

  #look(): void {
    if (this.#isOver || this.#expected === undefined) return;
    const missing = this.#missing;
    const areAllHeard = missing.length === 0 && this.#heard.size > 0;
    if (areAllHeard || (this.#othersHadTime && missing.every((id) => this.#silent.has(id)))) this.#end();
  }

  /** It goes on listening for a while, to know again who is only slow. */
  #isLate(): void {
    for (const id of this.#missing) this.#silent.add(id);
    const listening = this.#missing.length > 0;
    this.#end({ listening });
    if (listening) setTimeout(() => this.#replies.unsubscribe(), LATE_MS).unref();
  }

  #end({ listening } = { listening: false }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#late);
    clearTimeout(this.#others);
    if (!listening) this.#replies.unsubscribe();
    this.#resolve(this.#answers);
  }
}

/** What NATS itself answers where nobody does. */
const isNobody = ({ data, headers }: Msg) => data.length === 0 && headers?.code === 503;
