/** From somebody who showed who they are to a browser that stays signed in. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SignIns } from '../../access/sign-ins.ts';
import type { Principal } from '../../domain/access.ts';
import { MienError } from '../../errors.ts';
import { type Auth, addressOf } from '../auth/auth.ts';
import { clearCookie, FLOW_COOKIE, readCookie, SESSION_COOKIE, writeCookie } from '../auth/cookies.ts';
import { cameByHttps } from '../auth/public-origin.ts';
import { answerJson } from '../errors/answer-json.ts';

export interface SignInEvent {
  action: 'SIGN_IN' | 'SIGN_OUT';
  /** Null: it was not shown who it is. */
  principal: Principal | null;
  address: string | null;
  /** Of the error with which it was refused; null: it was done. */
  code: string | null;
}

export interface SignInOptions {
  signIns: Pick<SignIns, 'begin' | 'end'>;
  /** Web origins under which people reach the server. */
  publicUrls: readonly string[];
  auth: Pick<Auth, 'remote'>;
  onEvent(event: SignInEvent): void;
}

/** A new stay for whoever `identify` finds; the one that this browser had before is over. */
export async function setSignInCookie(
  request: IncomingMessage,
  response: ServerResponse,
  { signIns, publicUrls, auth, onEvent }: SignInOptions,
  identify: () => Promise<Principal>,
): Promise<void> {
  const secure = cameByHttps(request, publicUrls);
  const address = addressOf(auth.remote.addressOf(request));
  let principal: Principal | null = null;
  try {
    principal = await identify();
    const { value, seconds } = await signIns.begin(principal);
    const before = readCookie(request, SESSION_COOKIE, secure);
    if (before !== null) await signIns.end(before);
    const cookies = [
      writeCookie(SESSION_COOKIE, value, Math.max(1, seconds), secure),
      clearCookie(FLOW_COOKIE, secure),
    ];
    response.setHeader('set-cookie', cookies);
    onEvent({ action: 'SIGN_IN', principal, address, code: null });
    answerJson(response, 200, { name: principal.name });
  } catch (error) {
    const code = error instanceof MienError ? error.code : 'INTERNAL';
    onEvent({ action: 'SIGN_IN', principal, address, code });
    throw error;
  }
}
