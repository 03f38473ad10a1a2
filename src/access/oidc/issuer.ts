/**
 * An OpenID Connect issuer as it tells of itself: its discovery document (OpenID Connect Discovery 1.0) and its keys
 * (RFC 7517). Both are kept, so that it is asked seldom, whatever tokens come, and for a while without it.
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { fetchJson } from './fetch-json.ts';
import { RefreshingCache } from './refreshing-cache.ts';

/** Renewed behind the back of who needs it. */
const FRESH_MS = 10 * 60_000;
/** Without the issuer; a key that it withdraws meanwhile is trusted no longer than this. */
const KEPT_MS = 60 * 60_000;
/** Between two attempts, also where tokens name keys that nobody knows. */
const PAUSE_MS = 30_000;
const TIMEOUT_MS = 5_000;

const httpUrl = z.string().refine((text) => /^https?:\/\//.test(text) && URL.canParse(text));
const METADATA = z.object({
  issuer: z.string(),
  jwks_uri: httpUrl,
  authorization_endpoint: httpUrl.exactOptional(),
  token_endpoint: httpUrl.exactOptional(),
  userinfo_endpoint: httpUrl.exactOptional(),
  end_session_endpoint: httpUrl.exactOptional(),
  id_token_signing_alg_values_supported: z.array(z.string()).exactOptional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).exactOptional(),
  authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
});
const KEYS = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** What of the discovery document is used. */
export type IssuerMetadata = z.output<typeof METADATA>;

export interface Issuer {
  /** @throws MienError ISSUER_UNAVAILABLE */
  metadata(): Promise<IssuerMetadata>;
  /** Finds the key that a token names. @throws MienError ISSUER_UNAVAILABLE, JOSEError where the issuer has no such key */
  key: JWTVerifyGetKey;
}

export interface IssuerOptions {
  /** Its address, exactly as it words itself. */
  issuer: string;
  log: Log;
  /** A clock in milliseconds that never goes back. */
  elapsed: () => number;
  /** Longest time that it may take to answer. */
  timeoutMs?: number;
}

export function createIssuer({ issuer, log, elapsed, timeoutMs = TIMEOUT_MS }: IssuerOptions): Issuer {
  const times = { freshMs: FRESH_MS, keptMs: KEPT_MS, pauseMs: PAUSE_MS, timeoutMs, now: elapsed };
  const told = <T>(load: (signal: AbortSignal) => Promise<T>) => ({
    ...times,
    load: (signal: AbortSignal) => load(signal).catch((error: unknown) => refuse(error, issuer, log)),
  });
  const metadata = new RefreshingCache(told((signal) => loadMetadata(issuer, signal)));
  const keys = new RefreshingCache(told(async (signal) => loadKeys((await metadata.get()).jwks_uri, signal)));
  return {
    metadata: () => metadata.get(),
    async key(header, token) {
      const known = await keys.get();
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // Keys are changed now and then, and the newest tokens name the newest.
        const newer = await keys.newerThan(known);
        if (newer === known) throw error;
        return newer(header, token);
      }
    },
  };
}

async function loadMetadata(issuer: string, signal: AbortSignal): Promise<IssuerMetadata> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const metadata = METADATA.parse(await fetchJson(address, signal));
  if (metadata.issuer !== issuer) {
    throw new Error(`${address} is of the issuer ${metadata.issuer}: write MIEN_OIDC_ISSUER exactly so`);
  }
  const addresses = Object.values(metadata).filter((value) => typeof value === 'string');
  const inClear = issuer.startsWith('https:') && addresses.find((value) => value.startsWith('http:'));
  if (inClear) throw new Error(`${address} leads from https to ${inClear}`);
  return metadata;
}

async function loadKeys(address: string, signal: AbortSignal): Promise<JWTVerifyGetKey> {
  return createLocalJWKSet(KEYS.parse(await fetchJson(address, signal)));
}

function refuse(error: unknown, issuer: string, log: Log): never {
  if (error instanceof MienError) throw error;
  log.warn(
    { err: error, issuer },
    'the OpenID Connect issuer cannot be asked: its tokens are refused meanwhile',
  );
  throw new MienError(
    'ISSUER_UNAVAILABLE',
    'The issuer of OpenID Connect does not answer as it should, so that its tokens cannot be checked. Try again in a moment.',
    { cause: error },
  );
}
