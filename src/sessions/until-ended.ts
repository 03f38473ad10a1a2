import { isLive, type SessionRecord, type StreamRecord } from '../domain/stream.ts';
import { sleep } from '../threads/sleep.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import type { SessionRepository } from './ports.ts';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.ts';
import { stillEnding } from './stream-errors.ts';

/**
 * The last record of a session that ends.
 * @throws MienError STORE_UNAVAILABLE when it does not come within `stopMs`: the session goes on ending, and nobody waits for it
 */
export function untilEnded<T extends SessionRecord | null>(
  stream: StreamRecord,
  { ended }: { ended: Promise<T> },
  limits: Partial<SessionLimits> = {},
): Promise<T> {
  const late = AbortSignal.timeout(limits.stopMs ?? DEFAULT_LIMITS.stopMs);
  return unlessAborted(late, () => ended).catch((error) => {
    throw late.aborted ? stillEnding(stream) : error;
  });
}

/** From one look to the next. */
const LOOK_MS = 200;

/**
 * The last record of a session that runs on another server, which has been told to end it by the stream.
 * @returns null where there is none
 * @throws MienError STORE_UNAVAILABLE as above
 */
export function untilEndedElsewhere(
  {
    sessions,
    limits,
  }: { sessions: Pick<SessionRepository, 'get' | 'latest'>; limits?: Partial<SessionLimits> },
  stream: StreamRecord,
): Promise<SessionRecord | null> {
  const over = new AbortController();
  const look = async () => {
    let last = await sessions.latest(stream.id);
    while (last !== null && isLive(last) && !over.signal.aborted) {
      await sleep(LOOK_MS, over.signal);
      last = await sessions.get(last.id);
    }
    return last;
  };
  return untilEnded(stream, { ended: look() }, limits).finally(() => over.abort());
}
