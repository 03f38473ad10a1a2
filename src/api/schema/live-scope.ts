/** Of what a subscription tells: of a stream, of a session or of all. */
import { MienError } from '../../errors.ts';
import { assertId } from './ids.ts';

/** @throws MienError BAD_INPUT */
export function toScope({ streamId, sessionId }: { streamId?: unknown; sessionId?: unknown }): {
  streamId?: string;
  sessionId?: string;
} {
  if (streamId != null && sessionId != null) {
    throw new MienError('BAD_INPUT', 'Give `streamId` or `sessionId`, not both.');
  }
  return {
    ...(streamId != null && { streamId: assertId('stream', String(streamId)) }),
    ...(sessionId != null && { sessionId: assertId('session', String(sessionId)) }),
  };
}
