/** What is fetched from elsewhere: kept, renewed behind the back of those who read it, and asked for seldom while it fails. */

export interface RefreshingCacheOptions<T> {
  /** @param signal aborts when it takes too long */
  load(signal: AbortSignal): Promise<T>;
  /** From this age on it is renewed while it is still given. */
  freshMs: number;
  /** From this age on it is no longer given. */
  keptMs: number;
  /** The least time between two attempts. */
  pauseMs: number;
  /** Longest time that an attempt may take. */
  timeoutMs: number;
  /** A clock in milliseconds that never goes back: else one that was set would be waited for. */
  now(): number;
}

export class RefreshingCache<T> {
  readonly #options: RefreshingCacheOptions<T>;
  #held: { value: T; since: number } | null = null;
  #pending: Promise<T> | null = null;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #failure: unknown = null;

  constructor(options: RefreshingCacheOptions<T>) {
    this.#options = options;
  }

  /** @throws whatever `load` threw last, where nothing is held that may still be given */
  async get(): Promise<T> {
    const { freshMs, keptMs, now } = this.#options;
    const age = this.#held === null ? Number.POSITIVE_INFINITY : now() - this.#held.since;
    if (this.#held === null || age >= keptMs) return this.#loadUnlessPaused();
    // What goes wrong behind their backs is thrown when it is first missed.
    if (age >= freshMs && !this.#isPaused()) this.#load().catch(() => {});
    return this.#held.value;
  }

  /**
   * A newer one than `seen`, where it may be asked for again; else `seen`.
   * @throws what `load` threw, now or within the pause
   */
  async newerThan(seen: T): Promise<T> {
    if (this.#held !== null && this.#held.value !== seen) return this.#held.value;
    if (this.#pending === null && this.#isPaused() && this.#failure === null) return seen;
    return this.#loadUnlessPaused();
  }

  #isPaused(): boolean {
    return this.#options.now() - this.#lastAttempt < this.#options.pauseMs;
  }

  #loadUnlessPaused(): Promise<T> {
    if (this.#pending !== null) return this.#pending;
    return this.#isPaused() && this.#failure !== null ? Promise.reject(this.#failure) : this.#load();
  }

  #load(): Promise<T> {
    this.#pending ??= this.#attempt().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #attempt(): Promise<T> {
    const { load, timeoutMs, now } = this.#options;
    this.#lastAttempt = now();
    try {
      const value = await load(AbortSignal.timeout(timeoutMs));
      this.#held = { value, since: now() };
      this.#failure = null;
      return value;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}
