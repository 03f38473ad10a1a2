/** How everything but GraphQL answers in JSON. */
import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '../../errors.ts';

/** Answers, unless the client has gone or an answer has begun. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(`${JSON.stringify(body)}\n`);
}

/** As GraphQL words an error. */
export function errorBody({ code, message }: { code: ErrorCode; message: string }): object {
  return { errors: [{ message, extensions: { code } }] };
}
