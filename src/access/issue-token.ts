/** Makes tokens, for the API and for commands alike. */
import type { Role, Tags } from '../domain/access.ts';
import { isOneLine } from '../domain/storable-text.ts';
import { faultOfTags } from '../domain/tags.ts';
import { MienError } from '../errors.ts';
import type { TokenRecord, TokenStore } from './ports.ts';
import { makeToken } from './token-format.ts';

export const MAX_TOKEN_NAME = 200;
/** Tokens that are good at a time: all of them are kept in memory. */
export const MAX_TOKENS = 1_000;
const MAX_LIFE_MS = 10 * 366 * 86_400_000;

export interface TokenRequest {
  name: string;
  role: Role;
  /** Null: all streams. */
  streams: Tags | null;
  /** Null: it never expires. */
  expiresAt: Date | null;
}

export interface IssuedToken {
  token: TokenRecord;
  /** To be shown once: it is kept nowhere. */
  secret: string;
}

/** @param createdBy who asked for it, in words @param now milliseconds since 1970 @throws MienError BAD_INPUT, CONFLICT when there are too many */
export async function issueToken(
  store: TokenStore,
  request: TokenRequest,
  createdBy: string,
  now: number,
): Promise<IssuedToken> {
  const fault = faultOf(request, now);
  if (fault !== null) throw new MienError('BAD_INPUT', fault);
  if ((await store.live(new Date(now))).length >= MAX_TOKENS)
    throw new MienError('CONFLICT', `There are ${MAX_TOKENS} tokens, the most that may be: revoke some.`);
  const { secret, prefix, hash } = makeToken();
  const name = request.name.trim();
  const token = await store.create({ ...request, name, prefix, hash, createdBy });
  return { token, secret };
}

/** @returns what is wrong with it, in a sentence that says what to do; null: nothing */
function faultOf({ name, role, streams, expiresAt }: TokenRequest, now: number): string | null {
  if (name.trim() === '' || name.length > MAX_TOKEN_NAME || !isOneLine(name))
    return `The name of a token has 1 to ${MAX_TOKEN_NAME} characters, without line breaks.`;
  if (expiresAt !== null && !(expiresAt.getTime() > now)) return 'A token must expire in the future.';
  if (expiresAt !== null && expiresAt.getTime() > now + MAX_LIFE_MS)
    return 'A token expires within ten years, or never: leave it out then.';
  if (streams === null) return null;
  if (role === 'ADMIN') return 'Who is ADMIN sees all streams: leave the limit out, or choose another role.';
  if (Object.keys(streams).length === 0)
    return 'A limit names one tag at least; leave it out for all streams.';
  return faultOfTags(Object.entries(streams));
}
