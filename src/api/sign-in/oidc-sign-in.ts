/** Signing in at the issuer of OpenID Connect: there, and back again. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Begun, CodeFlow } from '../../access/oidc/code-flow.ts';
import { MienError } from '../../errors.ts';
import { FLOW_COOKIE, readCookie, writeCookie } from '../auth/cookies.ts';
import { assertOwnPage, cameByHttps, publicOrigin } from '../auth/public-origin.ts';
import { redirect } from './redirect.ts';
import { type SignInOptions, setSignInCookie } from './set-sign-in-cookie.ts';
import { readSmallBody } from './small-body.ts';

/** How long somebody may take at the issuer. */
const FLOW_SECONDS = 600;

export interface IssuerOptions extends SignInOptions {
  /** What it is called, and the way there and back; null: that is not set up. */
  issuer: { name: string; flow: CodeFlow } | null;
}

export async function leaveForIssuer(
  request: IncomingMessage,
  response: ServerResponse,
  { issuer, publicUrls }: IssuerOptions,
): Promise<void> {
  // A link on somebody else's page signs nobody in without their doing.
  const site = request.headers['sec-fetch-site'] ?? 'same-origin';
  if (issuer === null || site === 'cross-site' || site === 'same-site')
    return redirect(response, '../sign-in');
  try {
    const redirectUri = `${publicOrigin(request, publicUrls)}/auth/callback`;
    const { location, begun } = await issuer.flow.begin(redirectUri);
    const value = Buffer.from(JSON.stringify(begun)).toString('base64url');
    const secure = cameByHttps(request, publicUrls);
    response.setHeader('set-cookie', writeCookie(FLOW_COOKIE, value, FLOW_SECONDS, secure));
    redirect(response, location);
  } catch (error) {
    if (!(error instanceof MienError)) throw error;
    redirect(response, '../sign-in?problem=issuer');
  }
}

/**
 * The browser comes from the issuer's page, so that it sends no cookie (SameSite=Strict). Our page, to which it is led on, then
 * asks for itself. What the issuer says goes behind `#`, which is not sent, and stands in no log again.
 */
export function comeBack({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const [, query = ''] = url.split('?', 2);
  redirect(response, `../sign-in#/callback?${query}`);
}

const RETURNED = z.object({ query: z.string() });
const BEGUN = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });

export async function finish(
  request: IncomingMessage,
  response: ServerResponse,
  options: IssuerOptions,
): Promise<void> {
  const { issuer, publicUrls } = options;
  assertOwnPage(request, publicUrls);
  const { query } = await readSmallBody(request, RETURNED);
  const begun = begunBy(readCookie(request, FLOW_COOKIE, cameByHttps(request, publicUrls)));
  await setSignInCookie(request, response, options, async () => {
    if (issuer === null || begun === null) {
      throw new MienError(
        'UNAUTHENTICATED',
        'Signing in took too long, or was begun elsewhere. Try to sign in again.',
      );
    }
    const returned = new URL(`${publicOrigin(request, publicUrls)}/auth/callback`);
    returned.search = query;
    return issuer.flow.finish(returned, begun);
  });
}

function begunBy(cookie: string | null): Begun | null {
  try {
    return BEGUN.parse(JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString()));
  } catch {
    return null;
  }
}
