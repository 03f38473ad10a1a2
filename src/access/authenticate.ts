/** Who asks: credentials become a principal, or an error that says what to do. */
import { hasExpired, OPEN_PRINCIPAL, type Principal } from '../domain/access.ts';
import { MienError } from '../errors.ts';
import type { Credential, Proof, Scheme } from './ports.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/** Who asks, and by what they showed it; null: nobody was asked. */
export interface Identity {
  principal: Principal;
  proof: { scheme: Scheme; key: string } | null;
}

export interface Authenticator {
  /**
   * @param client who is counted as one client
   * @throws MienError UNAUTHENTICATED; TooManyGuesses; FORBIDDEN; STORE_UNAVAILABLE
   */
  authenticate(credential: Credential | null, client: string): Promise<Identity>;
  /** Whether who asks must show who they are. */
  isRequired(): Promise<boolean>;
  /** Whether that may change from no to yes. */
  readonly mayClose: boolean;
  /** Whether what they showed has ended by itself. */
  hasExpired(principal: Principal): boolean;
  /** Of those who were let in, the ones who would not be any more: one question a scheme. */
  noLongerGood(identities: Iterable<Identity>): Promise<readonly Identity[]>;
}

export interface AuthenticatorOptions {
  /** In the order in which they are asked. */
  schemes: readonly Scheme[];
  isRequired: () => Promise<boolean>;
  /** Whether who need not show who they are now may have to later. */
  mayClose?: boolean;
  throttle?: Throttle;
  /** The clock by which what they showed ends, in milliseconds since 1970. */
  now?: () => number;
}

/** Somebody tries credentials that are not right too often. */
export class TooManyGuesses extends MienError {
  readonly retryAfterSeconds: number;

  constructor(waitMs: number, what = 'This is not a valid token') {
    const seconds = Math.ceil(waitMs / 1000);
    super('TOO_MANY_REQUESTS', `${what}, and too many such came: wait ${seconds} s before another is tried.`);
    this.retryAfterSeconds = seconds;
  }
}

export function createAuthenticator({
  schemes,
  isRequired,
  mayClose = false,
  throttle = createThrottle(),
  now = () => Date.now(),
}: AuthenticatorOptions): Authenticator {
  /** @returns the identity; what is wrong, where a scheme says so; null: nobody is known by it */
  const verify = async (credential: Credential): Promise<Identity | MienError | null> => {
    for (const scheme of schemes) {
      if (!scheme.accepts(credential)) continue;
      const proof = await scheme.verify(credential).catch(wordsOf);
      if (proof instanceof MienError) return proof;
      if (proof !== null) return identityOf(proof, scheme);
    }
    return null;
  };
  return {
    isRequired,
    mayClose,
    async authenticate(credential, client) {
      const known = credential && (await verify(credential));
      if (known !== null && !(known instanceof MienError)) return known;
      if (!(await isRequired())) return ANYBODY;
      if (credential === null) throw new MienError('UNAUTHENTICATED', NO_CREDENTIAL);
      // Nobody guesses a cookie's 32 random bytes; and people behind one proxy may all be signed out at once.
      if (credential.by === 'COOKIE') throw known ?? new MienError('UNAUTHENTICATED', SIGNED_OUT);
      const target = schemes.find((scheme) => scheme.accepts(credential))?.targetOf?.(credential) ?? null;
      const wait = throttle.failed(client, target);
      if (wait > 0) throw new TooManyGuesses(wait);
      throw known ?? new MienError('UNAUTHENTICATED', WRONG_CREDENTIAL);
    },
    hasExpired: (principal) => hasExpired(principal, now()),
    noLongerGood: (identities) => noLongerGood([...identities], isRequired, now()),
  };
}

/** Where nobody is asked who they are. */
export function openToAll(): Authenticator {
  return createAuthenticator({ schemes: [], isRequired: async () => false });
}

const ANYBODY: Identity = Object.freeze({ principal: OPEN_PRINCIPAL, proof: null });

const NO_CREDENTIAL =
  'This server asks who you are: send a token as `authorization: Bearer mien_…` (over WebSocket in the payload of `connection_init`), or sign in. `mien token create` makes one.';
const WRONG_CREDENTIAL =
  'This token is not valid here: it is unknown, was revoked or has expired. `mien token create` makes another.';
const SIGNED_OUT = 'You are signed out, or your sign-in has expired: sign in again.';

/** What a scheme says of a credential that is not right; all else is thrown on. */
function wordsOf(error: unknown): MienError {
  if (error instanceof MienError && error.code === 'UNAUTHENTICATED') return error;
  throw error;
}

function identityOf({ principal, key }: Proof, scheme: Scheme): Identity {
  return { principal, proof: { scheme, key } };
}

async function noLongerGood(
  identities: readonly Identity[],
  isRequired: () => Promise<boolean>,
  now: number,
): Promise<readonly Identity[]> {
  const keys = new Map<Scheme, Set<string>>();
  for (const { proof } of identities) {
    if (proof === null) continue;
    const known = keys.get(proof.scheme);
    if (known) known.add(proof.key);
    else keys.set(proof.scheme, new Set([proof.key]));
  }
  const good = new Map<Scheme, ReadonlySet<string>>();
  for (const [scheme, asked] of keys) good.set(scheme, await scheme.stillGood([...asked]));
  const anonymous = identities.some(({ proof }) => proof === null);
  const closed = anonymous && (await isRequired());
  return identities.filter(({ principal, proof }) =>
    proof === null ? closed : hasExpired(principal, now) || !good.get(proof.scheme)?.has(proof.key),
  );
}
