/** Signing in to the dashboard and out of it: by a token, or at the issuer of OpenID Connect. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Principal } from '../../domain/access.ts';
import { tagsInWords } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';
import { type Auth, addressOf } from '../auth/auth.ts';
import { clearCookie, readCookie, SESSION_COOKIE } from '../auth/cookies.ts';
import { assertOwnPage, cameByHttps } from '../auth/public-origin.ts';
import { answerJson } from '../errors/answer-json.ts';
import { comeBack, finish, type IssuerOptions, leaveForIssuer } from './oidc-sign-in.ts';
import { setSignInCookie } from './set-sign-in-cookie.ts';
import { readSmallBody } from './small-body.ts';

export type { SignInEvent } from './set-sign-in-cookie.ts';

/** What is needed to let people sign in. */
export type SignInOptions = Omit<IssuerOptions, 'publicUrls' | 'auth'>;

interface Parts extends IssuerOptions {
  auth: Pick<Auth, 'identify' | 'identifyToken' | 'look' | 'isRequired' | 'remote'>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers what lies at /auth/…; false: there is no such thing. @throws MienError */
export type SignInEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => Promise<boolean>;

/** @param signIn undefined: nobody can sign in */
export function createSignInEndpoint(
  signIn: SignInOptions | undefined,
  shared: Pick<Parts, 'auth' | 'publicUrls'>,
): SignInEndpoint {
  if (signIn === undefined) return async () => false;
  const options = { ...signIn, ...shared };
  const handlers: Record<string, Handler> = {
    'GET /auth/who': (request, response) => who(request, response, options),
    'POST /auth/sign-in': (request, response) => signInByToken(request, response, options),
    'POST /auth/sign-out': (request, response) => signOut(request, response, options),
    'GET /auth/oidc': (request, response) => leaveForIssuer(request, response, options),
    'GET /auth/callback': async (request, response) => comeBack(request, response),
    'POST /auth/callback': (request, response) => finish(request, response, options),
  };
  return async (request, response, path) => {
    const handler = handlers[`${request.method} ${path}`];
    if (handler === undefined) return false;
    response.setHeader('cache-control', 'no-store');
    await handler(request, response);
    return true;
  };
}

/** Whether people have to sign in here, how they can, and who this is. */
async function who(request: IncomingMessage, response: ServerResponse, options: Parts): Promise<void> {
  const { auth, issuer, publicUrls } = options;
  const required = await auth.isRequired();
  const secure = cameByHttps(request, publicUrls);
  const hasCookie = readCookie(request, SESSION_COOKIE, secure) !== null;
  const principal = required && hasCookie ? await principalOf(request, auth) : null;
  // One that lets nobody in is not sent again.
  if (required && hasCookie && principal === null)
    response.setHeader('set-cookie', clearCookie(SESSION_COOKIE, secure));
  answerJson(response, 200, {
    required,
    issuer: issuer?.name ?? null,
    principal: principal && {
      name: principal.name,
      role: principal.role,
      streams: principal.streams && tagsInWords(principal.streams),
    },
  });
}

async function principalOf(request: IncomingMessage, auth: Parts['auth']): Promise<Principal | null> {
  try {
    return (await auth.identify(request, 'VIEWER')).principal;
  } catch (error) {
    if (error instanceof MienError && error.code === 'UNAUTHENTICATED') return null;
    throw error;
  }
}

const TOKEN = z.object({ token: z.string() });

async function signInByToken(
  request: IncomingMessage,
  response: ServerResponse,
  options: Parts,
): Promise<void> {
  assertOwnPage(request, options.publicUrls);
  const { token } = await readSmallBody(request, TOKEN);
  await setSignInCookie(request, response, options, async () => {
    return (await options.auth.identifyToken(request, token.trim())).principal;
  });
}

async function signOut(request: IncomingMessage, response: ServerResponse, options: Parts): Promise<void> {
  const { auth, signIns, publicUrls, onEvent } = options;
  assertOwnPage(request, publicUrls);
  const secure = cameByHttps(request, publicUrls);
  const value = readCookie(request, SESSION_COOKIE, secure);
  const ended = value === null ? null : await signIns.end(value);
  if (ended !== null) {
    const address = addressOf(auth.remote.addressOf(request));
    onEvent({ action: 'SIGN_OUT', principal: ended.principal, address, code: null });
    // What was opened by it is over too.
    await auth.look();
  }
  response.setHeader('set-cookie', clearCookie(SESSION_COOKIE, secure));
  answerJson(response, 200, {});
}
