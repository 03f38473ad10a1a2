/**
 * Staying signed in at the dashboard: a cookie with 32 random bytes, of which the hash is stored. It lasts half a day at most,
 * and no longer than what somebody signed in with: whose token is revoked is signed out.
 */
import { randomBytes } from 'node:crypto';
import type { Principal } from '../domain/access.ts';
import type { SignIn } from '../domain/sign-in.ts';
import { MienError } from '../errors.ts';
import type { Proof, Scheme, SignInStore, TokenRecord } from './ports.ts';
import { hashOf } from './token-format.ts';

const LONGEST_MS = 12 * 3_600_000;
const SECRET_BYTES = 32;
const VALUE = /^[\w-]{43}$/;
/** So long a sign-in is not looked up again; what is open is looked at in as short a time. */
const FRESH_MS = 2_000;
const REMEMBERED = 10_000;

export interface SignIns {
  /** By the cookie. */
  scheme: Scheme;
  /** @returns what the browser keeps, and for how many seconds @throws MienError BAD_INPUT where nobody showed who they are */
  begin(principal: Principal): Promise<{ value: string; seconds: number }>;
  /** @returns whose stay has ended by this; null: it had ended before */
  end(value: string): Promise<SignIn | null>;
}

export interface SignInsOptions {
  store: SignInStore;
  tokens: {
    /** @returns null when it is revoked or gone */
    byId(id: string): Promise<TokenRecord | null>;
    notRevoked(ids: readonly string[]): Promise<ReadonlySet<string>>;
  };
  /** A clock in milliseconds since 1970. */
  now?: () => number;
  /** A clock in milliseconds that never goes back. */
  elapsed?: () => number;
}

export function createSignIns({
  store,
  tokens,
  now = Date.now,
  elapsed = () => performance.now(),
}: SignInsOptions): SignIns {
  const signIns = new RecentSignIns(store, elapsed);
  return {
    scheme: {
      accepts: ({ by }) => by === 'COOKIE',
      async verify({ value }): Promise<Proof | null> {
        const signIn = VALUE.test(value) ? await signIns.find(hashOf(value)) : null;
        if (signIn === null || signIn.principal.expiresAt.getTime() <= now()) return null;
        const principal = await currentOf(signIn.principal, tokens);
        return principal && { principal, key: signIn.id };
      },
      async stillGood(ids) {
        const open = await store.byIds(ids);
        const byToken = open.filter(({ principal }) => principal.kind === 'TOKEN');
        const good = await tokens.notRevoked(byToken.map(({ principal }) => principal.id));
        const isGood = ({ principal: { kind, id } }: SignIn) => kind !== 'TOKEN' || good.has(id);
        return new Set(open.filter(isGood).map(({ id }) => id));
      },
    },
    async begin(principal) {
      if (principal.kind !== 'TOKEN' && principal.kind !== 'OIDC') throw nobody();
      const expiresAt = earlier(principal.expiresAt, new Date(now() + LONGEST_MS));
      const value = randomBytes(SECRET_BYTES).toString('base64url');
      await store.create(hashOf(value), { ...principal, expiresAt });
      return { value, seconds: Math.floor((expiresAt.getTime() - now()) / 1000) };
    },
    end: (value) => signIns.end(hashOf(value)),
  };
}

/** Those that were asked for a moment ago are not looked up again. */
class RecentSignIns {
  readonly #store: SignInStore;
  readonly #elapsed: () => number;
  readonly #recent = new Map<string, { signIn: SignIn; at: number }>();

  constructor(store: SignInStore, elapsed: () => number) {
    this.#store = store;
    this.#elapsed = elapsed;
  }

  async find(hash: Uint8Array): Promise<SignIn | null> {
    const key = keyOf(hash);
    const known = this.#recent.get(key);
    if (known !== undefined && this.#elapsed() - known.at < FRESH_MS) return known.signIn;
    this.#recent.delete(key);
    const at = this.#elapsed();
    const signIn = await this.#store.byHash(hash);
    if (signIn === null) return null;
    for (const oldest of this.#recent.keys())
      if (this.#recent.size >= REMEMBERED) this.#recent.delete(oldest);
    this.#recent.set(key, { signIn, at });
    return signIn;
  }

  async end(hash: Uint8Array): Promise<SignIn | null> {
    const ended = await this.#store.end(hash);
    this.#recent.delete(keyOf(hash));
    return ended;
  }
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}

/** Who signed in by a token may what the token may now; null: nothing any more. */
async function currentOf(
  principal: SignIn['principal'],
  tokens: SignInsOptions['tokens'],
): Promise<Principal | null> {
  if (principal.kind !== 'TOKEN') return principal;
  const token = await tokens.byId(principal.id);
  if (token === null) return null;
  const { name, role, streams } = token;
  return { ...principal, name, role, streams, expiresAt: earlier(token.expiresAt, principal.expiresAt) };
}

function earlier(one: Date | null, other: Date): Date {
  return one !== null && one < other ? one : other;
}

function nobody(): MienError {
  return new MienError('BAD_INPUT', 'This server asks nobody who they are: there is nothing to sign in to.');
}
