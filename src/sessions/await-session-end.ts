import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import { DEFAULT_TIMEOUTS, type SessionTimeouts } from './session-timeouts.ts';
import { stillEnding } from './stream-errors.ts';

/**
 * The last record of a session that ends.
 * @throws MienError STORE_UNAVAILABLE when it does not come within `stopMs`: the session goes on ending, and nobody waits for it
 */
export function awaitSessionEnd<T extends SessionRecord | null>(
  stream: StreamRecord,
  { ended }: { ended: Promise<T> },
  limits: Partial<SessionTimeouts> = {},
  whyLate: (stream: StreamRecord) => Error = stillEnding,
): Promise<T> {
  const late = AbortSignal.timeout(limits.stopMs ?? DEFAULT_TIMEOUTS.stopMs);
  return unlessAborted(late, () => ended).catch((error) => {
    throw late.aborted ? whyLate(stream) : error;
  });
}
