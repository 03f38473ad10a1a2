/** Tokens of an OpenID Connect issuer as a way to show who one is. */
import type { Scheme } from '../ports.ts';
import type { Oidc } from './oidc.ts';

/** Three parts with dots between (RFC 7515, compact). */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export function createOidcScheme({ verify }: Pick<Oidc, 'verify'>): Scheme {
  return {
    accepts: ({ by, value }) => by === 'BEARER' && JWT.test(value),
    async verify({ value }) {
      const principal = await verify(value);
      return { principal, key: principal.id };
    },
    // Nothing but their end takes them back.
    stillGood: async (keys) => new Set(keys),
  };
}
