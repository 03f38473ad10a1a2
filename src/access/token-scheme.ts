/** Tokens as a way to show who one is. */
import { hasExpired, type Principal } from '../domain/access.ts';
import type { Credential, Proof, Scheme, TokenRecord } from './ports.ts';
import type { TokenCache } from './token-cache.ts';
import { isSame, isToken, parseToken, prefixOf } from './token-format.ts';

export function createTokenScheme(directory: TokenCache, now: () => number = () => Date.now()): Scheme {
  return {
    accepts: ({ by, value }) => by === 'BEARER' && isToken(value),
    targetOf: ({ value }) => prefixOf(value),
    async verify({ value }: Credential): Promise<Proof | null> {
      const parts = parseToken(value);
      if (parts === null) return null;
      const token = await directory.byPrefix(parts.prefix);
      if (token === null || !isSame(token.hash, parts.hash) || hasExpired(token, now())) return null;
      return { principal: principalOf(token), key: token.id };
    },
    stillGood: (ids) => directory.notRevoked(ids),
  };
}

function principalOf({ id, name, role, streams, expiresAt }: TokenRecord): Principal {
  return { kind: 'TOKEN', id, name, role, streams, expiresAt };
}
