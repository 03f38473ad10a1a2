/**
 * Checks a JSON Web Token of an OpenID Connect issuer, as RFC 8725 and RFC 9068 ask: the algorithms are ours to choose and
 * not the token's, and issuer, audience, end and kind are compared.
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { MienError } from '../../errors.ts';

/** Signatures by a private key alone: what a public key could make itself (HS256), and none, are left out. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** How far the issuer's clock and ours may be apart. */
export const LEEWAY_S = 60;
/** Those of other kinds say something else than who somebody is (a logout, a proof, an event). */
const TYPES = ['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt'];
/** Not empty, and without control characters, of which PostgreSQL holds no NUL. */
const SUBJECT = /^\P{Cc}+$/u;
/** Beyond it no issuer goes, and a header may not. */
const MAX_LENGTH = 12 * 1024;

export interface Expected {
  issuer: string;
  audience: string;
  key: JWTVerifyGetKey;
  /** A clock in milliseconds. */
  now(): number;
}

export type VerifiedClaims = JWTPayload & { sub: string; exp: number };

/** @throws MienError UNAUTHENTICATED with what is wrong with it, ISSUER_UNAVAILABLE */
export async function verifyJwt(token: string, { key, now, ...expected }: Expected): Promise<VerifiedClaims> {
  if (token.length > MAX_LENGTH) throw refusal('it is too long');
  const options = {
    ...expected,
    algorithms: ALGORITHMS,
    clockTolerance: LEEWAY_S,
    requiredClaims: ['exp', 'sub'],
    currentDate: new Date(now()),
  };
  const { payload, protectedHeader } = await jwtVerify(token, key, options).catch((error: unknown) => {
    if (error instanceof errors.JOSEError) throw refusal(wordFault(error), error);
    throw error;
  });
  const { typ } = protectedHeader;
  if (typ !== undefined && !TYPES.includes(typ.toLowerCase())) throw refusal('it is of another kind');
  const { sub, exp, cnf } = payload;
  // It belongs to whoever proves to have a key (RFC 7800), which is not asked for here: it may have been stolen.
  if (cnf !== undefined) throw refusal('it is bound to a key, and mien takes bearer tokens');
  if (typeof sub !== 'string' || !SUBJECT.test(sub) || exp === undefined)
    throw refusal('it does not say whose it is');
  return { ...payload, sub, exp };
}

function refusal(fault: string, cause?: unknown): MienError {
  const message = `This token is not accepted: ${fault}. Get a new one from your sign-in.`;
  return new MienError('UNAUTHENTICATED', message, { cause });
}

/** What is wrong, as the end of a sentence; about claims only after the signature was found right. */
function wordFault(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return CLAIMS[error.claim] ?? 'a claim is not as it should be';
  if (error instanceof errors.JOSEAlgNotAllowed)
    return `it must be signed by one of ${ALGORITHMS.join(', ')}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'its issuer has no key of that name';
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is no signed JSON Web Token';
}

const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'it is meant for another audience',
  iss: 'it is of another issuer',
  nbf: 'it is not valid yet',
  exp: 'it does not say when it ends',
  sub: 'it does not say whose it is',
};
