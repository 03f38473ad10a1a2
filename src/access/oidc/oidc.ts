/** People whom an OpenID Connect issuer knows: their tokens become principals, by the settings of this server. */
import type { Principal } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { type ClaimRules, grantOf } from './claims.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { createVerifiedTokens } from './verified-tokens.ts';
import { LEEWAY_S, type VerifiedClaims, verifyJwt } from './verify-jwt.ts';

export interface OidcSettings extends ClaimRules {
  issuer: string;
  /** What a bearer token's `aud` must hold. */
  audience: string;
}

export interface Oidc {
  /**
   * @param token a bearer token, a JSON Web Token of the issuer
   * @throws MienError UNAUTHENTICATED (it is not accepted, and why), FORBIDDEN (nothing gives its person a role), ISSUER_UNAVAILABLE
   */
  verify(token: string): Promise<Principal>;
  /** Claims that were checked become a principal. @throws MienError FORBIDDEN */
  principalOf(claims: VerifiedClaims): Principal;
  issuer: Issuer;
}

export interface OidcOptions extends OidcSettings {
  log: Log;
  /** A clock in milliseconds. */
  now?: () => number;
  /** A clock in milliseconds that never goes back. */
  elapsed?: () => number;
  /** Longest time that the issuer may take to answer. */
  timeoutMs?: number;
}

export function createOidc({
  log,
  now = Date.now,
  elapsed = () => performance.now(),
  timeoutMs,
  ...settings
}: OidcOptions): Oidc {
  const { issuer: name, audience } = settings;
  const issuer = createIssuer({ issuer: name, log, elapsed, ...(timeoutMs !== undefined && { timeoutMs }) });
  const verified = createVerifiedTokens({ now, elapsed });
  const principalOf = (claims: VerifiedClaims) => toPrincipal(claims, settings);
  return {
    issuer,
    principalOf,
    async verify(token) {
      const known = verified.get(token);
      if (known !== null) return known;
      const principal = principalOf(await verifyJwt(token, { issuer: name, audience, key: issuer.key, now }));
      verified.add(token, principal);
      return principal;
    },
  };
}

function toPrincipal(claims: VerifiedClaims, settings: OidcSettings): Principal {
  const { name, role, streams } = grantOf(claims, settings);
  const expiresAt = new Date((claims.exp + LEEWAY_S) * 1000);
  return { kind: 'OIDC', id: `${settings.issuer}#${claims.sub}`, name, role, streams, expiresAt };
}
