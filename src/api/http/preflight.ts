/**
 * Browsers let any page send forms and plain text to any server, and only refuse it the answer. What is not as simple as
 * that they ask about first, in a request of their own (a preflight), which is answered for known origins only. So a
 * request that does anything, or costs something, must be one that browsers ask about: then a page needs our leave even
 * where its `Origin` were forged or missing.
 */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../admission/refusal.ts';
import { acceptsPage } from './accept-headers.ts';

/** What a form of a web page may send without being asked about (Fetch standard, CORS-safelisted). */
const SIMPLE_TYPES = ['', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** Gives the reason for which a request to GraphQL or to uploads is refused, or null. */
export function preflightRefusal(request: IncomingMessage, path: string): Refusal | null {
  const { method } = request;
  const simple = SIMPLE_TYPES.includes(typeOf(request));
  if (path === '/graphql') {
    if (method === 'POST') return simple ? NOT_JSON : null;
    const unasked = (method === 'GET' || method === 'HEAD') && !acceptsPage(request);
    return unasked && simple && !isMarked(request) && !isOfKnownPage(request) ? UNMARKED_QUERY : null;
  }
  return path === '/uploads' && method === 'POST' && simple && !isMarked(request) ? UNMARKED_UPLOAD : null;
}

/** Without its parameters. */
function typeOf({ headers }: IncomingMessage): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

/** A form cannot send headers of its own. */
function isMarked({ headers }: IncomingMessage): boolean {
  return headers['x-requested-with'] !== undefined || headers['tus-resumable'] !== undefined;
}

/**
 * An `EventSource` cannot send headers of its own. Browsers say themselves that it is of a page of this server, or name its
 * origin, which was judged before; of what foreign pages send unasked they do neither.
 */
function isOfKnownPage({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || headers.origin !== undefined;
}

const NOT_JSON: Refusal = {
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message:
    'Send the request as JSON, with `content-type: application/json`: forms and plain text may come from any web page.',
};

const UNMARKED_QUERY: Refusal = {
  status: 403,
  code: 'PREFLIGHT_REQUIRED',
  message:
    'Send a header `x-requested-with` with any value, or use POST with JSON: a GET without it may come from any web page.',
};

const UNMARKED_UPLOAD: Refusal = {
  status: 403,
  code: 'PREFLIGHT_REQUIRED',
  message:
    'Send a header `x-requested-with` with any value, or the file itself with a content type such as `video/mp4`: a form without it may come from any web page.',
};
