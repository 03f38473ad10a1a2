/** Requests to another thread that are not yet answered, by their number; every protocol between threads uses it. */

interface Pending<Answer, Note> {
  note: Note;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  /** Resolves when the request is answered, either way. */
  settled: Promise<unknown>;
}

/** `Note` is what the asking side remembers with a request, as the stream that it is for. */
export class PendingRequests<Answer, Note = undefined> {
  readonly #pending = new Map<number, Pending<Answer, Note>>();
  #next = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** Notes a new request. @returns its number, which travels with the message, and the promise of its answer */
  open(note: Note): { id: number; answer: Promise<Answer> } {
    const id = this.#next++;
    const { promise: answer, resolve, reject } = withResolvers<Answer>();
    this.#pending.set(id, { note, resolve, reject, settled: answer.catch(() => {}) });
    return { id, answer };
  }

  /** The note of a request that is not answered yet, for messages that come before its answer. */
  noteOf(id: number): Note | undefined {
    return this.#pending.get(id)?.note;
  }

  /** Answers a request. @returns its note; undefined when it was rejected before, and nobody waits for it */
  resolve(id: number, answer: Answer): Note | undefined {
    const request = this.#take(id);
    request?.resolve(answer);
    return request?.note;
  }

  /** Answers a request with an error. @returns as `resolve` does */
  reject(id: number, error: unknown): Note | undefined {
    const request = this.#take(id);
    request?.reject(error);
    return request?.note;
  }

  /** The other thread is gone: nothing will be answered. @param error made anew for each request */
  rejectAll(error: () => Error): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of lost) reject(error());
  }

  /** Resolves when the requests made until now that `matches` accepts are answered, either way. */
  async settled(matches: (note: Note) => boolean = () => true): Promise<void> {
    await Promise.all(
      [...this.#pending.values()].filter(({ note }) => matches(note)).map(({ settled }) => settled),
    );
  }

  #take(id: number): Pending<Answer, Note> | undefined {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    return request;
  }
}

/** As `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
