/** The end of a session that another server runs; where that one is gone, and none takes over, it is ended here. */
import { isLive, type SessionRecord, type StreamRecord } from '../domain/stream.ts';
import { sleep } from '../threads/sleep.ts';
import { awaitSessionEnd } from './await-session-end.ts';
import { type InterruptDeps, interruptLeft } from './interrupt-left.ts';
import type { SessionRepository } from './ports.ts';
import { DEFAULT_TIMEOUTS } from './session-timeouts.ts';
import { SERVER_GONE, stillEnding, stillRuns } from './stream-errors.ts';

export interface ElsewhereDeps extends Omit<InterruptDeps, 'sessions' | 'stopping'> {
  sessions: InterruptDeps['sessions'] &
    Pick<SessionRepository, 'get' | 'latest' | 'runner' | 'takeAbandoned'>;
}

/** Whoever was heard of so lately is not what keeps the session from ending. */
const LATELY_MS = 5_000;

type Runner = NonNullable<Awaited<ReturnType<SessionRepository['runner']>>>;

/**
 * Its last record, once its server, which has been told by the stream, has ended it, or is gone.
 * @returns null where there is none
 * @throws MienError WORKER_UNAVAILABLE when its server is there, and has not ended it within `stopMs`; STORE_UNAVAILABLE when the
 * database does not answer
 */
export async function untilEndedElsewhere(
  deps: ElsewhereDeps,
  stream: StreamRecord,
): Promise<SessionRecord | null> {
  const over = new AbortController();
  let seen: { runner: Runner; at: number } | null = null;
  const ended = endOf(deps, stream.id, over.signal, (runner) => {
    seen = { runner, at: performance.now() };
  });
  const whyLate = () => {
    const isStoreThere = seen !== null && performance.now() - seen.at < LATELY_MS;
    return isStoreThere ? stillRuns(stream, seen!.runner.server) : stillEnding(stream);
  };
  try {
    return await awaitSessionEnd(stream, { ended }, deps.limits, whyLate);
  } finally {
    over.abort();
  }
}

async function endOf(
  deps: ElsewhereDeps,
  streamId: string,
  over: AbortSignal,
  onSeen: (runner: Runner) => void,
): Promise<SessionRecord | null> {
  const { sessions, limits } = deps;
  const { goneMs, pollMs } = { ...DEFAULT_TIMEOUTS, ...limits };
  let goneSince: number | null = null;
  let last = await sessions.latest(streamId);
  while (last !== null && isLive(last) && !over.aborted) {
    const runner = await sessions.runner(last.id);
    if (runner !== null) onSeen(runner);
    const now = performance.now();
    goneSince = runner?.isGone ? (goneSince ?? now) : null;
    if (goneSince !== null && now - goneSince >= goneMs && (await sessions.takeAbandoned(last.id)))
      await interruptLeft({ ...deps, stopping: over }, [last], SERVER_GONE);
    else await sleep(pollMs, over);
    last = await sessions.get(last.id);
  }
  return last;
}
