/** What of a request, or of `connection_init`, shows who asks. Never its address: that stands in histories and logs. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../../access/ports.ts';
import { MienError } from '../../errors.ts';
import type { Refusal } from '../admission/refusal.ts';
import { readCookie, SESSION_COOKIE } from './cookies.ts';
import { cameByHttps, publicOrigin } from './public-origin.ts';

/** A JSON Web Token with many groups has some kilobytes. */
const MAX_LENGTH = 8192;
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

/**
 * The header counts before the cookie. A header of another kind, such as a proxy's own, is passed over.
 * @param publicUrls web origins under which people reach the server
 * @throws MienError UNAUTHENTICATED where it is a bearer's, and no token
 */
export function credentialOf(request: IncomingMessage, publicUrls: readonly string[]): Credential | null {
  const { authorization } = request.headers;
  const isBearer = authorization !== undefined && /^bearer\b/i.test(authorization);
  return isBearer ? bearer(authorization) : cookieOf(request, publicUrls);
}

/** @param payload of `connection_init`: `{ authorization: "Bearer …" }` or `{ token: "…" }`; null: it holds neither */
export function credentialIn(payload: Readonly<Record<string, unknown>> | undefined): Credential | null {
  const { authorization = payload?.Authorization, token } = payload ?? {};
  if (authorization !== undefined) return bearer(authorization);
  return token === undefined ? null : bearer(`Bearer ${String(token)}`);
}

function bearer(header: unknown): Credential {
  const text = typeof header === 'string' && header.length <= MAX_LENGTH ? header : '';
  const value = BEARER.exec(text)?.[1];
  if (value !== undefined) return { by: 'BEARER', value };
  throw new MienError('UNAUTHENTICATED', 'Send the token as `authorization: Bearer mien_…`.');
}

/**
 * Only for a page of this server itself, or for a program: pages of other ports of this machine are the same site to
 * browsers, which send them this cookie, and may be anybody's.
 */
function cookieOf(request: IncomingMessage, publicUrls: readonly string[]): Credential | null {
  const { cookie, origin } = request.headers;
  if (cookie === undefined || cookie.length > MAX_LENGTH) return null;
  if (origin !== undefined && origin !== publicOrigin(request, publicUrls)) return null;
  const value = readCookie(request, SESSION_COOKIE, cameByHttps(request, publicUrls));
  return value === null ? null : { by: 'COOKIE', value };
}

const IN_ADDRESS = /[?&](?:access_token|token|authorization|api_key)=|mien_[\w-]{43}/i;

/** Why a request is refused whose address holds a secret, or null. */
export function addressRefusal({ url = '' }: IncomingMessage): Refusal | null {
  return IN_ADDRESS.test(url) ? SECRET_IN_ADDRESS : null;
}

const SECRET_IN_ADDRESS: Refusal = {
  status: 400,
  code: 'BAD_INPUT',
  message:
    'Send tokens in the header `authorization: Bearer mien_…`, never in the address, which histories and logs keep. If this one was real, revoke it: `mien token revoke`.',
};
