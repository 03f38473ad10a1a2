/** Yoga refuses some requests without a word; here they get a sentence. */
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../../errors.ts';

const ERROR_BODIES: Record<number, { code: ErrorCode; message: string }> = {
  406: {
    code: 'NOT_ACCEPTABLE',
    message:
      'Nothing that this request accepts can hold the answer: for a subscription send `accept: text/event-stream`, or use a WebSocket; for anything else `accept: application/json`.',
  },
  415: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send the request as JSON, with `content-type: application/json`.',
  },
};

export function useErrorBodies(): Plugin {
  return {
    onResponse({ response, setResponse, fetchAPI }) {
      const refusal = ERROR_BODIES[response.status];
      if (refusal === undefined || response.body) return;
      const { code, message } = refusal;
      const headers = new fetchAPI.Headers(response.headers);
      headers.set('content-type', 'application/json; charset=utf-8');
      headers.delete('content-length');
      const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
      setResponse(new fetchAPI.Response(body, { status: response.status, headers }));
    },
  };
}
