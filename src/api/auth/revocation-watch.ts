/**
 * Ends what is open, such as subscriptions, when what let it in is revoked or expires. All that is open is asked about at
 * once, every two seconds, and nothing while nothing is open.
 */
import type { Authenticator, Identity } from '../../access/authenticate.ts';
import type { Requester } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';

/** With the age of what answers, and the time that ending takes, less than five seconds in all. */
const PERIOD_MS = 2_000;

/** Calls `end` once, when a requester would not be let in any more. @returns what stops that */
export type Hold = (requester: Requester, end: (reason: MienError) => void) => () => void;

interface Held {
  identity: Identity;
  end: (reason: MienError) => void;
}

export class RevocationWatch {
  readonly #authenticator: Pick<Authenticator, 'hasExpired' | 'noLongerGood' | 'mayClose'>;
  readonly #log: Log;
  readonly #periodMs: number;
  readonly #open = new Set<Held>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(
    authenticator: Pick<Authenticator, 'hasExpired' | 'noLongerGood' | 'mayClose'>,
    log: Log,
    periodMs: number = PERIOD_MS,
  ) {
    this.#authenticator = authenticator;
    this.#log = log;
    this.#periodMs = periodMs;
  }

  /** @param end called once, when the identity is good no longer @returns what stops watching */
  hold(identity: Identity, end: (reason: MienError) => void): () => void {
    if (identity.proof === null && !this.#authenticator.mayClose) return () => {};
    const held = { identity, end };
    this.#open.add(held);
    this.#timer ??= setInterval(() => void this.look(), this.#periodMs).unref();
    return () => this.#release(held);
  }

  /** Looks now. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #lookOnce(): Promise<void> {
    this.#end(({ principal }) => this.#authenticator.hasExpired(principal), expired);
    if (this.#open.size === 0) return;
    const identities = new Set([...this.#open].map(({ identity }) => identity));
    try {
      const over = new Set(await this.#authenticator.noLongerGood(identities));
      this.#end((identity) => over.has(identity), revoked);
    } catch (error) {
      this.#log.warn(
        { err: error },
        'could not look whether what is open may stay so; it will be tried again',
      );
    }
  }

  #end(isOver: (identity: Identity) => boolean, reasonFor: (identity: Identity) => MienError): void {
    for (const held of [...this.#open]) {
      if (!isOver(held.identity)) continue;
      this.#release(held);
      held.end(reasonFor(held.identity));
    }
  }

  #release(held: Held): void {
    this.#open.delete(held);
    if (this.#open.size === 0) this.close();
  }
}

function expired(): MienError {
  return new MienError('UNAUTHENTICATED', 'What let you in has expired: show a new token, or sign in again.');
}

function revoked({ proof }: Identity): MienError {
  return new MienError(
    'UNAUTHENTICATED',
    proof === null
      ? 'This server asks who you are from now on: show a token, or sign in.'
      : 'What let you in was revoked: show another token, or sign in again.',
  );
}
