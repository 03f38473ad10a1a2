/** From when on something may not have been heard here. */

/** How long what is lost may go unnoticed: until NATS does not answer, or a server is silent; in milliseconds. */
const NOTICED_MS = 5_000;

export class Missed {
  /** Milliseconds since the epoch, by the clock of what is stored. */
  readonly #now: () => number;
  /** All that was told until then was heard, or read. */
  #wholeUntil: number;
  #lookedAt: number;
  #isAny = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#wholeUntil = now();
    this.#lookedAt = now();
  }

  /** Whether anything was missed that was not read since. */
  get isAny(): boolean {
    return this.#isAny;
  }

  note(): void {
    this.#isAny = true;
  }

  /** Nothing was missed, as far as is known: what the last look but one has not noticed will not be noticed any more. */
  look(): void {
    if (!this.#isAny) this.#wholeUntil = this.#lookedAt - NOTICED_MS;
    this.#lookedAt = this.#now();
  }

  /** Reads what was told since a time, and notes what was missed by then as read. @throws what `work` does, and it is still missed */
  async read(work: (since: number) => Promise<void>): Promise<void> {
    const now = this.#now();
    const since = Math.min(this.#wholeUntil, now);
    this.#isAny = false;
    try {
      await work(since);
    } catch (error) {
      this.#isAny = true;
      throw error;
    }
    this.#wholeUntil = now;
  }
}
