/** Whether this server asks who somebody is, and all the ways to show it. */
import { COMMAND_PRINCIPAL, SYSTEM_PRINCIPAL } from '../domain/access.ts';
import { MienError } from '../errors.ts';
import { type Authenticator, createAuthenticator } from './authenticate.ts';
import { type IssuedToken, issueToken, type TokenRequest } from './issue-token.ts';
import type { Scheme, SignInStore, TokenStore } from './ports.ts';
import { createProcessSecretScheme, proofOf } from './process-secret-scheme.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { TokenCache, type TokenCacheTimes } from './token-cache.ts';
import { createTokenScheme } from './token-scheme.ts';

/** `auto`: asked, but for a server on loopback for which nobody ever made a token, and that has no issuer. */
export type AuthMode = 'auto' | 'required' | 'none';

export interface AccessOptions {
  mode: AuthMode;
  /** Whether only programs of this machine reach the server. */
  loopback: boolean;
  tokens: TokenStore;
  signIns: SignInStore;
  /** Ways to show who one is beside tokens, such as OpenID Connect. */
  schemes?: readonly Scheme[];
  times?: Partial<TokenCacheTimes>;
  /** The clock by which what they showed ends, in milliseconds since 1970; default: this machine's. */
  now?: () => number;
}

export interface Access {
  authenticator: Authenticator;
  tokens: TokenStore & {
    /** @param createdBy who asked for it, in words @throws MienError BAD_INPUT, CONFLICT */
    issue(request: TokenRequest, createdBy: string): Promise<IssuedToken>;
  };
  signIns: SignIns;
  /** By which mien shows itself who it is. */
  ownCredential: string;
  /** By which commands on this machine do. */
  commandCredential: string;
  /** Shows them that this process knows that, too. */
  proofOf(challenge: string): string;
  /** @throws MienError CONFIG_INVALID where all would be refused, or let in, without anybody's having said so */
  assertStartable(): Promise<void>;
}

export function createAccess({
  mode,
  loopback,
  tokens,
  schemes = [],
  times,
  now = () => Date.now(),
  ...stores
}: AccessOptions): Access {
  const directory = new TokenCache(tokens, times, { now });
  const signIns = createSignIns({ store: stores.signIns, tokens: directory, now });
  const own = createProcessSecretScheme(SYSTEM_PRINCIPAL);
  const command = createProcessSecretScheme(COMMAND_PRINCIPAL);
  const mayBeOpen = mode === 'none' || (mode === 'auto' && loopback && schemes.length === 0);
  const isRequired = async () => !mayBeOpen || (mode === 'auto' && (await directory.anyMade()));
  return {
    authenticator: createAuthenticator({
      schemes: [createTokenScheme(directory, now), ...schemes, signIns.scheme, own.scheme, command.scheme],
      isRequired,
      mayClose: mayBeOpen && mode === 'auto',
      now,
    }),
    tokens: noticed(tokens, directory, now),
    signIns,
    ownCredential: own.credential,
    commandCredential: command.credential,
    proofOf: (challenge) => proofOf(command.credential, challenge),
    async assertStartable() {
      if (mayBeOpen || schemes.length > 0 || (await directory.anyMade())) return;
      throw new MienError('CONFIG_INVALID', loopback ? NO_WAY_IN : OPEN_TO_ALL);
    },
  };
}

/** What is changed here counts at once. */
function noticed(tokens: TokenStore, directory: TokenCache, now: () => number): Access['tokens'] {
  const noticing = async <T>(change: Promise<T>): Promise<T> => {
    try {
      return await change;
    } finally {
      directory.forget();
    }
  };
  const store: TokenStore = {
    ...tokens,
    create: (token) => noticing(tokens.create(token)),
    revoke: (id) => noticing(tokens.revoke(id)),
  };
  return { ...store, issue: (request, createdBy) => issueToken(store, request, createdBy, now()) };
}

const MAKE_ONE =
  'make a token with `mien token create --name NAME --role admin`, or name an issuer with MIEN_OIDC_ISSUER';
const NO_WAY_IN = `MIEN_AUTH=required asks everybody who they are, and there is no way to show it: ${MAKE_ONE}.`;
const OPEN_TO_ALL = `HOST opens this server to the network, and there is no way yet to show who one is: ${MAKE_ONE}. MIEN_AUTH=none lets everybody in who reaches it.`;
