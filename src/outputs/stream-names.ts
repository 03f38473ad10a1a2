/** What streams are called, for messages: asked once, and then now and then again, behind the messages. */

/** Milliseconds for which a name is taken as it is. */
const FRESH_MS = 10_000;
/** Names that are remembered. */
const REMEMBERED = 1000;

interface Known {
  name: string | null;
  at: number;
}

export class StreamNames {
  readonly #ask: (id: string) => Promise<string | null>;
  readonly #known = new Map<string, Known>();

  /** @param ask null: there is no such stream */
  constructor(ask: (id: string) => Promise<string | null>) {
    this.#ask = ask;
  }

  /** Null where it is gone, or the database is away. */
  async of(id: string): Promise<string | null> {
    const known = this.#known.get(id);
    if (known === undefined) return this.#look(id, null);
    if (performance.now() - known.at > FRESH_MS) {
      known.at = performance.now();
      void this.#look(id, known.name);
    }
    return known.name;
  }

  async #look(id: string, before: string | null): Promise<string | null> {
    const name = await this.#ask(id).catch(() => before);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(id, { name: name ?? before, at: performance.now() });
    return name ?? before;
  }
}
