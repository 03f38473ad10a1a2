/**
 * Signing in at the issuer: the authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), state and
 * nonce. What has to be remembered meanwhile is handed to whoever began, and wanted back: nothing of it is kept here.
 */
import * as client from 'openid-client';
import type { Principal } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { tellsOfRoles } from './claims.ts';
import type { IssuerMetadata } from './issuer.ts';
import type { Oidc, OidcSettings } from './oidc.ts';
import { type VerifiedClaims, verifyJwt } from './verify-jwt.ts';

const TIMEOUT_S = 5;

export interface CodeFlowSettings extends OidcSettings {
  clientId: string;
  /** Null: a public client. */
  clientSecret: string | null;
  scope: string;
}

/** What has to come back to finish what was begun. */
export interface Begun {
  state: string;
  nonce: string;
  verifier: string;
}

export interface CodeFlow {
  /** @returns where the browser goes @throws MienError ISSUER_UNAVAILABLE */
  begin(redirectUri: string): Promise<{ location: string; begun: Begun }>;
  /**
   * @param returned the redirect URI with what the issuer added
   * @returns who it is; for how long is not said by the issuer
   * @throws MienError UNAUTHENTICATED, FORBIDDEN (nothing gives its person a role), ISSUER_UNAVAILABLE
   */
  finish(returned: URL, begun: Begun): Promise<Principal>;
}

export interface CodeFlowOptions extends CodeFlowSettings {
  oidc: Oidc;
  log: Log;
}

export function createCodeFlow({ oidc, log, ...settings }: CodeFlowOptions): CodeFlow {
  const configure = async () => configurationOf(await oidc.issuer.metadata(), settings);
  return {
    async begin(redirect_uri) {
      const begun = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const location = client.buildAuthorizationUrl(await configure(), {
        redirect_uri,
        scope: settings.scope,
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      });
      return { location: location.href, begun };
    },
    async finish(returned, begun) {
      try {
        const claims = await redeem(await configure(), returned, begun, { oidc, settings });
        // An ID token says how long it may be shown, not how long somebody stays signed in.
        return { ...oidc.principalOf(claims), expiresAt: null };
      } catch (error) {
        throw wordFailure(error, log);
      }
    },
  };
}

function configurationOf(
  metadata: IssuerMetadata,
  { clientId, clientSecret }: CodeFlowSettings,
): client.Configuration {
  const configuration = new client.Configuration(
    metadata,
    clientId,
    undefined,
    clientSecret === null ? client.None() : authenticationBy(clientSecret, metadata),
  );
  configuration.timeout = TIMEOUT_S;
  // The user named an address in clear; from one that is not, no document leads to one that is.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the settings say it
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(configuration);
  return configuration;
}

function authenticationBy(secret: string, metadata: IssuerMetadata): client.ClientAuth {
  // Without a word of it, Basic (OpenID Connect Discovery 1.0, section 3).
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_post')
    ? client.ClientSecretPost(secret)
    : client.ClientSecretBasic(secret);
}

async function redeem(
  configuration: client.Configuration,
  returned: URL,
  { state, nonce, verifier }: Begun,
  { oidc, settings }: { oidc: Oidc; settings: CodeFlowSettings },
): Promise<VerifiedClaims> {
  const tokens = await client.authorizationCodeGrant(configuration, returned, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const { key } = oidc.issuer;
  const expected = { issuer: settings.issuer, audience: settings.clientId, key, now: Date.now };
  const claims = await verifyJwt(tokens.id_token ?? '', expected);
  const { userinfo_endpoint } = configuration.serverMetadata();
  if (tellsOfRoles(claims, settings) || userinfo_endpoint === undefined) return claims;
  // Many issuers tell there what their ID tokens leave out (OpenID Connect Core 1.0, section 5.4).
  return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
}

function wordFailure(error: unknown, log: Log): unknown {
  if (error instanceof MienError) return error;
  if (isAway(error)) {
    log.warn({ err: error }, 'the OpenID Connect issuer cannot be asked what somebody came back with');
    return new MienError(
      'ISSUER_UNAVAILABLE',
      'The issuer of OpenID Connect does not answer as it should. Try to sign in again in a moment.',
      { cause: error },
    );
  }
  if (error instanceof client.AuthorizationResponseError) {
    return failed(`The issuer did not sign you in (${inWords(error.error)}).`, error);
  }
  // Whoever runs the server set something up wrongly, or the code was used before.
  if (error instanceof client.ResponseBodyError) {
    log.warn({ err: error }, 'the OpenID Connect issuer refused a code that somebody came back with');
    return failed(`The issuer did not take what you came back with (${inWords(error.error)}).`, error);
  }
  if (error instanceof client.ClientError && error.cause === undefined) {
    return failed('What you came back with does not belong to what was begun here.', error);
  }
  log.warn({ err: error }, 'signing in by the OpenID Connect issuer failed');
  return failed('What the issuer answered is not as it should be, or it did not answer.', error);
}

/** Whether nobody answered, nobody in time, or the issuer has a failure of its own. */
function isAway(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError) return error.status >= 500;
  if (error instanceof TypeError) return error.message === 'fetch failed';
  if (!(error instanceof client.ClientError)) return false;
  return error.code === 'OAUTH_TIMEOUT' || (error.cause instanceof Response && error.cause.status >= 500);
}

/** Codes of RFC 6749 are letters and underscores; whatever else comes is somebody else's words. */
function inWords(code: string): string {
  return /^\w{1,60}$/.test(code) ? code.replaceAll('_', ' ') : 'without a reason';
}

function failed(what: string, cause: unknown): MienError {
  return new MienError('UNAUTHENTICATED', `${what} Try to sign in again.`, { cause });
}
