import { MienError } from '../../errors.ts';

/** Of a session that this server does not run, or not any more. */
export function takenOver(sessionId: string): MienError {
  return new MienError(
    'CONFLICT',
    `Session ${sessionId} is not run by this server, or not any more: another one has taken it over.`,
  );
}
