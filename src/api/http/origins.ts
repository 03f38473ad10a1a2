/**
 * Which web pages may talk to this server. Browsers send `Origin` with every request that could do harm across
 * sites, the WebSocket's included, which CORS does not cover; other programs send none, and are let in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';

export interface OriginPolicy {
  /** Whether the page behind a request may make it. */
  allows(request: IncomingMessage): boolean;
}

/** @param options.host the address that the server listens on */
export function createOriginPolicy(options: {
  host: string;
  allowedOrigins: readonly string[];
}): OriginPolicy {
  const allowed = new Set(
    options.allowedOrigins.map((origin) => (origin === '*' ? '*' : new URL(origin).origin)),
  );
  const local = isLoopback(options.host);
  return {
    allows({ headers: { origin, host } }) {
      // A name that an attacker's DNS points at this machine would make its page look like our own.
      if (local && host !== undefined && !isLoopback(hostnameOf(`http://${host}`))) return false;
      if (origin === undefined || allowed.has('*') || allowed.has(origin)) return true;
      if (!URL.canParse(origin)) return false;
      return new URL(origin).host === host || (local && isLoopback(hostnameOf(origin)));
    },
  };
}

/** Lets an allowed page of another origin read the answer. */
export function setCorsHeaders(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? 'content-type',
  );
  response.setHeader('access-control-max-age', '600');
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function isLoopback(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare) === 4) return bare.startsWith('127.');
  return bare === '::1' || bare === 'localhost' || bare.endsWith('.localhost');
}
