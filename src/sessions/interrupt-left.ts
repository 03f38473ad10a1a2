/** Ends sessions that are this server's, and that it does not run. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord } from '../domain/stream.ts';
import { finishTimeline } from './finish-timeline.ts';
import type { MomentSink, Publisher, SessionRepository, StreamRepository } from './ports.ts';
import { DEFAULT_TIMEOUTS, type SessionTimeouts } from './session-timeouts.ts';
import { SERVER_ENDED, SERVER_GONE } from './stream-errors.ts';

export interface InterruptDeps {
  sessions: Pick<SessionRepository, 'interruptLive' | 'openEpisodes'>;
  sink: MomentSink;
  publisher: Publisher;
  limits?: Partial<SessionTimeouts>;
  stopping: AbortSignal;
  log: Log;
}

/** What was told to have begun is told to have ended, before the session is. */
export async function interruptLeft(
  deps: InterruptDeps,
  leftovers: readonly SessionRecord[],
  failure: string,
): Promise<SessionRecord[]> {
  if (leftovers.length === 0) return [];
  const { sessions, publisher, stopping, limits } = deps;
  const ids = leftovers.map(({ id }) => id);
  const open = await sessions.openEpisodes(ids);
  const waits = { retryMs: { ...DEFAULT_TIMEOUTS, ...limits }.storeRetryMs, giveUp: stopping };
  for (const session of leftovers) {
    const ended = open.filter(({ sessionId }) => sessionId === session.id);
    const events = ended.map((episode) => ({ kind: 'OFFSET', episode }) as const);
    await finishTimeline({ ...deps, ...waits }, session, { events, dropped: {}, end: null });
  }
  const interrupted = await sessions.interruptLive(ids, failure);
  for (const session of interrupted) {
    const { id, streamId: stream } = session;
    deps.log.info({ session: id, stream, why: failure }, 'a session was ended that nobody ran any more');
    publisher.status(stream, session);
  }
  return interrupted;
}

/** Of what was taken over. Whether its server crashed, or lost the network, no other can know. */
export async function whyLeft(streams: Pick<StreamRepository, 'share'>): Promise<string> {
  return (await streams.share()) === null ? SERVER_ENDED : SERVER_GONE;
}
