/** Who asks, over every transport; and how it is told to who may not. */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { type Authenticator, type Identity, openToAll, TooManyGuesses } from '../../access/authenticate.ts';
import type { Credential } from '../../access/ports.ts';
import { hasRole, lacksRole, type Principal, type Requester, type Role } from '../../domain/access.ts';
import { type Audit, type AuditEvent, UNKNOWN_ACTOR } from '../../domain/audit.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { clientKey } from '../admission/client-key.ts';
import type { Refusal } from '../admission/refusal.ts';
import { credentialIn, credentialOf } from './credentials.ts';
import { createProxiedAddress, type ProxiedAddress } from './proxied-address.ts';
import { publicOrigin } from './public-origin.ts';
import { type Hold, RevocationWatch } from './revocation-watch.ts';

export interface Auth {
  /**
   * @param objection to somebody with that role, in a sentence; null: none
   * @throws MienError UNAUTHENTICATED, TOO_MANY_REQUESTS, STORE_UNAVAILABLE; FORBIDDEN to who has less than this role
   */
  identify(request: IncomingMessage, least: Role, objection?: Objection): Promise<Requester>;
  /** By a token that its body brought. @throws as `identify` does */
  identifyToken(request: IncomingMessage, token: string): Promise<Requester>;
  /** Whether who asks must show who they are. */
  isRequired(): Promise<boolean>;
  /**
   * By what `connection_init` brought, otherwise by the request that the WebSocket began with.
   * @throws as `identify` does
   */
  identifySocket(
    payload: Readonly<Record<string, unknown>> | undefined,
    upgrade: IncomingMessage,
  ): Promise<Requester>;
  hold: Hold;
  remote: ProxiedAddress;
  /** Looks at all that is held, now. */
  look(): Promise<void>;
  close(): void;
}

export type Objection = (principal: Principal) => string | null;

export interface AuthOptions {
  authenticator?: Authenticator | undefined;
  /** Web origins under which people reach the server. */
  publicUrls?: readonly string[] | undefined;
  /** Proxies that are believed whom they ask for. */
  trustedProxies?: readonly string[] | undefined;
  log: Log;
  /** Whether an error says that the database cannot answer now. */
  isStoreAway?: ((error: unknown) => boolean) | undefined;
  /** Told of each who is not let in. */
  onRefused?: (code: string) => void;
  /** Where it is written down who was not let in, and from where. */
  audit: Audit;
  /** Between two looks at what is open. */
  watchMs?: number | undefined;
}

export function createAuth(options: AuthOptions): Auth {
  const { authenticator = openToAll(), publicUrls = [], log, watchMs } = options;
  const remote = createProxiedAddress(options);
  const identities = new WeakMap<Requester, Identity>();
  const watch = new RevocationWatch(authenticator, log, watchMs);
  const identify: Identify = async (request, { read, least, objection }) => {
    const from = remote.addressOf(request);
    const address = addressOf(from);
    let principal: Principal | null = null;
    try {
      const identity = await authenticator.authenticate(read(), clientKey(from));
      principal = identity.principal;
      const requester = { principal, address, origin: publicOrigin(request, publicUrls) };
      assertRole(requester, least);
      assertNone(objection?.(principal) ?? null);
      identities.set(requester, identity);
      return requester;
    } catch (error) {
      throw refused(error, { principal: principal ?? UNKNOWN_ACTOR, address }, request, options);
    }
  };
  return {
    identify: (request, least, objection) =>
      identify(request, { read: () => credentialOf(request, publicUrls), least, objection }),
    identifyToken: (request, value) =>
      identify(request, { read: () => ({ by: 'BEARER', value }), least: 'VIEWER' }),
    ...{ remote, isRequired: authenticator.isRequired },
    identifySocket: (payload, upgrade) =>
      identify(upgrade, {
        read: () => credentialIn(payload) ?? credentialOf(upgrade, publicUrls),
        least: 'VIEWER',
      }),
    hold(requester, end) {
      const identity = identities.get(requester);
      if (identity === undefined) throw new Error('this requester was not identified here');
      return watch.hold(identity, end);
    },
    ...{ look: () => watch.look(), close: () => watch.close() },
  };
}

type Identify = (
  request: IncomingMessage,
  asked: { read: () => Credential | null; least: Role; objection?: Objection | undefined },
) => Promise<Requester>;

/** @returns what is thrown to who is not let in */
function refused(
  thrown: unknown,
  requester: AuditEvent['requester'],
  { url = '/' }: IncomingMessage,
  { isStoreAway, onRefused, audit }: AuthOptions,
): unknown {
  // Whose cause looks alike: an issuer may refuse a connection too.
  const isKnown = thrown instanceof MienError && thrown.code in STATUS;
  const error = !isKnown && isStoreAway?.(thrown) ? storeAway(thrown) : thrown;
  if (!(error instanceof MienError)) return error;
  const { code } = error;
  onRefused?.(code);
  // Of uploads without the token, which is a secret.
  const path = `/${url.split(/[?/]/)[1] ?? ''}`;
  if (WRITTEN_DOWN.includes(code) && path !== SIGN_IN) {
    const target = { type: 'PATH', id: path, name: null } as const;
    void audit.record({ requester, action: 'ACCESS', target, outcome: 'REFUSED', code });
  }
  return error;
}

/** Writes down itself who signs in and who does not. */
const SIGN_IN = '/auth';
/** Whoever is not let in for one of these tried what is not theirs, or guesses. */
const WRITTEN_DOWN = ['UNAUTHENTICATED', 'FORBIDDEN', 'TOO_MANY_REQUESTS'];

/** @throws MienError FORBIDDEN */
function assertNone(objection: string | null): void {
  if (objection !== null) throw new MienError('FORBIDDEN', objection);
}

/** @throws MienError FORBIDDEN */
export function assertRole({ principal }: Requester, least: Role): void {
  if (hasRole(principal, least)) return;
  throw new MienError('FORBIDDEN', lacksRole(principal, least));
}

/** How a request is answered that was not let in; null for what nobody meant to throw. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof MienError)) return null;
  const { code, message } = error;
  const status = STATUS[code] ?? 500;
  const headers =
    error instanceof TooManyGuesses ? { 'retry-after': String(error.retryAfterSeconds) } : HEADERS[code];
  return { status, code, message, ...(headers && { headers }) };
}

const STATUS: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 400, UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_FOUND: 404, TOO_MANY_REQUESTS: 429 },
  ...{ STORE_UNAVAILABLE: 503, ISSUER_UNAVAILABLE: 503 },
};

const HEADERS: Partial<Record<string, Record<string, string>>> = {
  UNAUTHENTICATED: { 'www-authenticate': 'Bearer realm="mien"' },
  STORE_UNAVAILABLE: { 'retry-after': '5' },
  ISSUER_UNAVAILABLE: { 'retry-after': '30' },
};

function storeAway(cause: unknown): MienError {
  return new MienError(
    'STORE_UNAVAILABLE',
    'Whether you may cannot be told now, because the database does not answer. Try again in a moment.',
    { cause },
  );
}

/** As people write it: an IPv4 address that came over an IPv6 socket as the former. */
export function addressOf(remote: string | undefined): string | null {
  if (remote === undefined) return null;
  return ipaddr.isValid(remote) ? ipaddr.process(remote).toString() : remote;
}
