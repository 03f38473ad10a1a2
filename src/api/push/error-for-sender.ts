import type { Log } from '../../domain/log.ts';
import { type ErrorCode, MienError } from '../../errors.ts';

/** What a sender may be told of an error. */
export function errorForSender(error: unknown, log: Log): { code: ErrorCode; message: string } {
  if (error instanceof MienError) return error;
  log.error({ err: error }, 'what was sent to a stream could not be received');
  return { code: 'INTERNAL', message: 'Something went wrong on the server, and was logged.' };
}
