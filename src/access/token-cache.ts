/**
 * All tokens that are good, in memory: there are few of them, so that a wrong one costs no question to the store, however many
 * are tried. What is answered from here is five seconds old at most.
 */
import { MienError } from '../errors.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { unlessLate } from '../threads/unless-late.ts';
import type { TokenRecord, TokenStore } from './ports.ts';

export interface TokenCacheTimes {
  /** After so long it is read again, while what is here still answers. */
  freshMs: number;
  /** What is older answers nothing. */
  staleMs: number;
  /** A store that takes longer is taken for away: a connection may have died without a word. */
  answerMs: number;
  /** The first answer of all may take longer: it comes while the server starts, when all else does, and the database was just made. */
  firstMs: number;
  /** So long it is waited for by who asks nobody who they are, as far as is known. */
  openMs: number;
  /** A token that is not here is looked for in the store, unless that was asked less than so long ago. */
  missMs: number;
}

const TIMES: TokenCacheTimes = {
  ...{ freshMs: 2_000, staleMs: 5_000 },
  ...{ answerMs: 3_000, firstMs: 60_000, openMs: 500, missMs: 250 },
};

export interface TokenCacheClocks {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  elapsed(): number;
}

interface Reading {
  /** When it began, in milliseconds of a clock that never goes back. */
  at: number;
  done: Promise<void>;
}

export class TokenCache {
  readonly #store: TokenStore;
  readonly #times: TokenCacheTimes;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  #byPrefix = new Map<string, TokenRecord>();
  #byId = new Map<string, TokenRecord>();
  #counts = { made: 0, revoked: 0 };
  /** When the question began whose answer is here. */
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Reading | null = null;
  #wasRead = false;
  #hasAnswered = false;

  constructor(
    store: TokenStore,
    times: Partial<TokenCacheTimes> = {},
    { now = () => Date.now(), elapsed = () => performance.now() }: Partial<TokenCacheClocks> = {},
  ) {
    this.#store = store;
    this.#times = { ...TIMES, ...times };
    this.#now = now;
    this.#elapsed = elapsed;
  }

  /** @throws what the store answers */
  async byPrefix(prefix: string): Promise<TokenRecord | null> {
    await this.#refresh();
    // It may have been made just now, by another process.
    if (!this.#byPrefix.has(prefix) && this.#age() > this.#times.missMs) await this.#read();
    return this.#byPrefix.get(prefix) ?? null;
  }

  /** @returns null when it is revoked or gone @throws what the store answers */
  async byId(id: string): Promise<TokenRecord | null> {
    await this.#refresh();
    return this.#byId.get(id) ?? null;
  }

  /** Those of these ids that are not revoked, as the store has it now: what is open must end soon. @throws what the store answers */
  async notRevoked(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (this.#age() > this.#times.missMs) await this.#read();
    return new Set(ids.filter((id) => this.#byId.has(id)));
  }

  /**
   * Whether any token was ever made. A store that does not answer is not waited for where the answer was no before.
   * @throws what the store answers
   */
  async anyMade(): Promise<boolean> {
    // What was made once is never unmade.
    if (this.#counts.made > 0 || this.#age() <= this.#times.freshMs) return this.#counts.made > 0;
    if (this.#wasRead) await settledWithin(this.#read(), this.#times.openMs);
    else await this.#read();
    return this.#counts.made > 0;
  }

  /** What is here is old: something was changed just now. */
  forget(): void {
    this.#wasRead = false;
    this.#readAt = Number.NEGATIVE_INFINITY;
    this.#reading = null;
  }

  #age(): number {
    return this.#elapsed() - this.#readAt;
  }

  async #refresh(): Promise<void> {
    const age = this.#age();
    if (age <= this.#times.freshMs) return;
    const reading = this.#read();
    if (age > this.#times.staleMs) await reading;
    else reading.catch(() => {}); // asked again with the next request, and answered to it once this is too old
  }

  /** One question at a time, for all who wait. */
  #read(): Promise<void> {
    if (this.#reading !== null) return this.#reading.done;
    const { answerMs, firstMs } = this.#times;
    const reading: Reading = { at: this.#elapsed(), done: Promise.resolve() };
    this.#reading = reading;
    reading.done = unlessLate(
      this.#take(reading),
      this.#hasAnswered ? answerMs : firstMs,
      storeSilent,
    ).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    return reading.done;
  }

  async #take(reading: Reading): Promise<void> {
    const counts = await this.#store.counts();
    const changed =
      !this.#wasRead || counts.made !== this.#counts.made || counts.revoked !== this.#counts.revoked;
    const tokens = changed ? await this.#store.live(new Date(this.#now())) : null;
    // Something was changed meanwhile, which this answer may not know.
    if (this.#reading !== reading) return this.#read();
    if (tokens !== null) {
      this.#byPrefix = new Map(tokens.map((token) => [token.prefix, token]));
      this.#byId = new Map(tokens.map((token) => [token.id, token]));
    }
    this.#counts = counts;
    this.#wasRead = true;
    this.#hasAnswered = true;
    this.#readAt = reading.at;
    return undefined;
  }
}

function storeSilent(): MienError {
  return new MienError(
    'STORE_UNAVAILABLE',
    'Whether you may cannot be told now, because the database does not answer. Try again in a moment.',
  );
}
