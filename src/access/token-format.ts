/** Tokens: `mien_` and 32 random bytes as base64url. What is kept of one is its beginning, to find it by, and its SHA-256. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const MARK = 'mien_';
const SECRET_BYTES = 32;
const TOKEN = /^mien_[\w-]{43}$/;
/** Behind the mark; what is left of the secret has more than 200 bits. */
const PREFIX_LENGTH = MARK.length + 8;

export interface TokenParts {
  prefix: string;
  hash: Uint8Array<ArrayBuffer>;
}

/** A new secret, which is shown once, and what is kept of it. */
export function makeToken(): TokenParts & { secret: string } {
  const secret = `${MARK}${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { secret, ...partsOf(secret) };
}

/** @returns null for what does not look like a token */
export function parseToken(text: string): TokenParts | null {
  return isToken(text) ? partsOf(text) : null;
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** The part of a token that is no secret. */
export function prefixOf(token: string): string {
  return token.slice(0, PREFIX_LENGTH);
}

/** In constant time. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function partsOf(secret: string): TokenParts {
  return { prefix: prefixOf(secret), hash: hashOf(secret) };
}

/** Of a secret with as much chance in it a plain hash is enough; passwords would want a slow one. */
export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}
