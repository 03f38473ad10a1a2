/**
 * Which web pages may talk to this server. Browsers send `Origin` with every request that could do harm across
 * sites, the WebSocket's included, which CORS does not cover; other programs send none, and are let in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import { isLoopback, nameOf } from './hosts.ts';

export interface OriginPolicy {
  /** Whether the page behind a request may make it. */
  allows(request: IncomingMessage): boolean;
}

/**
 * @param options.host the address that the server listens on
 * @param options.publicUrls web origins under which it is reached; at their host no other scheme is its own page
 * @param options.allowedOrigins of other pages; `*` for every page that has an origin
 */
export function createOriginPolicy(options: {
  host: string;
  publicUrls: readonly string[];
  allowedOrigins: readonly string[];
}): OriginPolicy {
  const allowed = new Set([...options.allowedOrigins, ...options.publicUrls]);
  const publicHosts = new Set(options.publicUrls.map((url) => new URL(url).host));
  const local = isLoopback(options.host);
  return {
    allows({ headers: { origin, host } }) {
      if (origin === undefined) return true;
      // What a sandboxed frame, a file and a page behind a redirect have: anybody's.
      if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
      if (allowed.has('*') || allowed.has(origin)) return true;
      const page = new URL(origin);
      // Through a proxy `localhost` is the machine of whoever asks, and this one has another name.
      const here = nameOf(host ?? '') ?? '';
      if (local && isLoopback(here) && isLoopback(withoutBrackets(page.hostname))) return true;
      return page.host === host && !publicHosts.has(page.host);
    },
  };
}

/** Lets an allowed page of another origin read the answer. */
export function setCorsHeaders(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? 'content-type',
  );
  response.setHeader(
    'access-control-expose-headers',
    'location, tus-resumable, upload-length, upload-offset, retry-after, www-authenticate',
  );
  response.setHeader('access-control-max-age', '600');
}
