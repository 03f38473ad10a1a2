/** The status of an answer that has no data, as the specification of GraphQL over HTTP has it. */
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Codes that are no mistake in the request, or have a status of their own; all others are 400. */
const STATUSES: Readonly<Record<string, number>> = {
  INTERNAL: 500,
  STORE_UNAVAILABLE: 503,
  WORKER_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TOO_MANY_REQUESTS: 429,
};
/** Yoga's own, for what is no GraphQL request: no JSON, no query, a batch, the wrong method. It knows their status. */
const NO_REQUEST = ['BAD_REQUEST', 'REQUEST_ENTITY_TOO_LARGE'];

/**
 * `application/graphql-response+json` without data has a status of 4xx or 5xx; `application/json` has 200 for every
 * well-formed request, because those who ask for that look no further where the status is another.
 */
export function useHttpStatuses(): Plugin {
  const codes = new WeakMap<Request, string[]>();
  return {
    onResultProcess({ request, result }) {
      const failed = codesWithoutData(result);
      if (failed) codes.set(request, failed);
    },
    onResponse({ request, response, setResponse, fetchAPI }) {
      const failed = codes.get(request);
      const status = failed && statusOf(failed, response);
      if (!status || status === response.status) return;
      setResponse(new fetchAPI.Response(response.body, { status, headers: response.headers }));
    },
  };
}

/** Of the errors of an answer without data; null: it has some, or comes in parts. */
function codesWithoutData(result: unknown): string[] | null {
  const { errors, data } = (result ?? {}) as Partial<ExecutionResult>;
  return errors && data === undefined ? errors.map(({ extensions }) => String(extensions.code)) : null;
}

/** Null: as it is. */
function statusOf(codes: readonly string[], { status, headers }: Response): number | null {
  if (codes.some((code) => NO_REQUEST.includes(code))) return Math.max(status, 400);
  const contentType = headers.get('content-type') ?? '';
  if (contentType.startsWith('application/graphql-response+json')) {
    return Math.max(...codes.map((code) => STATUSES[code] ?? 400));
  }
  return contentType.startsWith('application/json') ? 200 : null;
}
