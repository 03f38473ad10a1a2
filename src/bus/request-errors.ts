/** How questions from server to server fail, and what is told of it. */
import { MienError, type MienErrorCode } from '../errors.ts';

export interface AnsweredError {
  code: MienErrorCode | 'INTERNAL';
  message: string;
}

export const AWAY =
  'NATS does not answer, by which the workers that run streams are asked (NATS_URL). Try again in a moment.';
export const GONE = 'The worker that was asked is gone. Try again in a moment.';
export const SILENT = 'The worker that was asked did not answer. Look whether it was done, then try again.';

export function unavailable(message: string, cause?: unknown): MienError {
  return new MienError('WORKER_UNAVAILABLE', message, { cause });
}

/** What whoever asked is told. */
export function asAnswered(error: unknown): AnsweredError {
  if (error instanceof MienError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'A worker failed unexpectedly; its log tells more.' };
}
