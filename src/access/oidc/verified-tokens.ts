/** Tokens that were checked a moment ago, by their hash: a signature takes longer to check than most queries to answer. */
import { createHash } from 'node:crypto';
import { hasExpired, type Principal } from '../../domain/access.ts';

const MAX_TOKENS = 1000;
/** So long a key is trusted after its issuer withdrew it, at most, beside what its keys are kept. */
const KEPT_MS = 60_000;

export interface VerifiedTokens {
  get(token: string): Principal | null;
  add(token: string, principal: Principal): void;
}

export interface Clocks {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  elapsed(): number;
}

export function createVerifiedTokens({ now, elapsed }: Clocks): VerifiedTokens {
  const known = new Map<string, { principal: Principal; until: number }>();
  const keyOf = (token: string) => createHash('sha256').update(token).digest('base64');
  return {
    get(token) {
      const found = known.get(keyOf(token));
      if (found === undefined || elapsed() >= found.until) return null;
      return hasExpired(found.principal, now()) ? null : found.principal;
    },
    add(token, principal) {
      const key = keyOf(token);
      known.delete(key);
      // Those that were checked first go first.
      for (const first of known.keys()) if (known.size >= MAX_TOKENS) known.delete(first);
      known.set(key, { principal, until: elapsed() + KEPT_MS });
    },
  };
}
