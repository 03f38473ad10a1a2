/** How exports, recordings and pictures answer what went wrong: deliberate errors with their sentence, others with where to look. */
import type { ServerResponse } from 'node:http';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { answerJson, errorBody } from './answer-json.ts';

export interface ErrorAnswers {
  /** Whether an error says that the database cannot answer now. */
  isStoreAway?: ((error: unknown) => boolean) | undefined;
  log: Log;
}

const STATUS: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 400, FORBIDDEN: 403, NOT_FOUND: 404, CURSOR_EXPIRED: 410, TOO_MANY_REQUESTS: 429 },
  STORE_UNAVAILABLE: 503,
  UPLOADS_UNAVAILABLE: 503,
};
const STORE_AWAY = new MienError('STORE_UNAVAILABLE', 'The database does not answer. Try again in a moment.');

/** @param what was asked for, as a sentence begins */
export function answerError(
  response: ServerResponse,
  error: unknown,
  what: string,
  { isStoreAway, log }: ErrorAnswers,
): void {
  if (response.headersSent) {
    // Cut off in the middle, which whoever reads it sees: the last chunk, or a part of its length, is missing.
    if (!isGone(error)) log.error({ err: error }, `${what} failed in the middle`);
    response.destroy();
    return;
  }
  const known = isStoreAway?.(error) ? STORE_AWAY : error instanceof MienError ? error : null;
  if (known === null) log.error({ err: error }, `${what} failed unexpectedly`);
  const { code, message } =
    known ?? ({ code: 'INTERNAL', message: `${what} failed; the log says why.` } as const);
  const headers = code === 'TOO_MANY_REQUESTS' ? { 'retry-after': '5' } : {};
  answerJson(response, STATUS[code] ?? 500, errorBody({ code, message }), headers);
}

/** Whether it says that who asked has left. */
function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
}
