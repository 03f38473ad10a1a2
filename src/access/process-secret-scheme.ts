/** A secret that lives as long as this process: by which mien, or whoever may read what it writes down, shows who it is. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Principal } from '../domain/access.ts';
import type { Scheme } from './ports.ts';
import { hashOf, isSame } from './token-format.ts';

export interface ProcessSecret {
  scheme: Scheme;
  credential: string;
}

export function createProcessSecretScheme(principal: Principal): ProcessSecret {
  const mark = `${principal.kind.toLowerCase()}_`;
  const credential = `${mark}${randomBytes(32).toString('base64url')}`;
  const hash = hashOf(credential);
  return {
    credential,
    scheme: {
      accepts: ({ by, value }) => by === 'BEARER' && value.startsWith(mark),
      verify: async ({ value }) => (isSame(hashOf(value), hash) ? { principal, key: principal.id } : null),
      stillGood: async (keys) => new Set(keys),
    },
  };
}

/** Shows that one knows a credential, without telling it: HMAC-SHA-256 (RFC 2104) of what the other side made up. */
export function proofOf(credential: string, challenge: string): string {
  return createHmac('sha256', credential).update(challenge).digest('base64url');
}
