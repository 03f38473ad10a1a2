/** All who ask in the matrices: those who are let in, and those who are not. */
import { type Access, createAccess } from '../../src/access/access.ts';
import { type Authenticator, createAuthenticator } from '../../src/access/authenticate.ts';
import { createThrottle } from '../../src/access/throttle.ts';
import { TokenCache } from '../../src/access/token-cache.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { createTokenScheme } from '../../src/access/token-scheme.ts';
import type { Role, Tags } from '../../src/domain/access.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';

export interface Asker {
  role: Role;
  /** What they are limited to; null: they are shown all streams. */
  streams: Tags | null;
}

/** What the streams are tagged with that are shown to the limited ones. */
export const LAB = { site: 'lab' };

/** Those who are let in, by the names of their tokens. */
export const ASKERS: Record<string, Asker> = {
  viewer: { role: 'VIEWER', streams: null },
  operator: { role: 'OPERATOR', streams: null },
  admin: { role: 'ADMIN', streams: null },
  'limited viewer': { role: 'VIEWER', streams: LAB },
  'limited operator': { role: 'OPERATOR', streams: LAB },
};

/** Those who are not. */
export const NOBODY = ['without a token', 'unknown', 'expired', 'revoked', 'not a token'] as const;

export interface MatrixAccess {
  /** Asks everybody who they are, and slows nobody: what is tried is who is let in, not how often. */
  authenticator: Authenticator;
  signIns: Access['signIns'];
  /** By the name of who asks; null: they show none. */
  tokens: ReadonlyMap<string, string | null>;
}

export async function openMatrixAccess(): Promise<MatrixAccess> {
  const store = memoryTokens();
  const tokens = new Map<string, string | null>([
    ['without a token', null],
    ['unknown', makeToken().secret],
    ['not a token', 'mien'],
  ]);
  for (const [name, asker] of Object.entries(ASKERS))
    tokens.set(name, (await store.add({ name, ...asker })).secret);
  const expiresAt = new Date(Date.now() - 1000);
  tokens.set('expired', (await store.add({ role: 'ADMIN', expiresAt })).secret);
  const revoked = await store.add({ role: 'ADMIN' });
  await store.revoke(revoked.id);
  tokens.set('revoked', revoked.secret);
  const authenticator = createAuthenticator({
    schemes: [createTokenScheme(new TokenCache(store))],
    isRequired: async () => true,
    throttle: createThrottle({ burst: 100_000 }),
  });
  const access = { mode: 'required', loopback: true, tokens: store, signIns: new MemorySignIns() } as const;
  return { authenticator, signIns: createAccess(access).signIns, tokens };
}
