/** What a client may subscribe to: moments, states of sessions, episodes; each with a bounded queue of its own. */
import type { LiveEventOf, Scope, SentEpisode, SentMoment, SentStatus } from '../domain/live-event.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { closable } from './closable.ts';
import { openMoments } from './open-moments.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import type { MomentsRequest } from './resume-plan.ts';

/** Each iterable ends at once when it is returned, also while it waits. */
export interface Subscriptions {
  /** @see openMoments */
  moments(
    request: MomentsRequest,
    signal?: AbortSignal,
  ): Promise<AsyncIterableIterator<SentMoment, undefined>>;
  /** First the present state of each session that is live (or the newest one of the stream), then every change. */
  status(scope: Pick<Scope, 'streamId'>): Promise<AsyncIterableIterator<SentStatus, undefined>>;
  /** Those that happen from now on; finishes with the session. */
  episodes(scope: { sessionId: string }): Promise<AsyncIterableIterator<SentEpisode, undefined>>;
}

/** Events that may wait for a slow subscriber to states or episodes. */
const QUEUE_CAPACITY = 64;

export function createSubscriptions(deps: SubscriptionDeps): Subscriptions {
  return {
    moments: (request, signal) => openMoments(deps, request, signal),

    async status({ streamId }) {
      const queue = deps.feed.subscribe(['status', 'removed'], { streamId }, { capacity: QUEUE_CAPACITY });
      const current = await closeOnError(queue, () => currentSessions(deps, streamId));
      return closable(statusEvents(queue, current, streamId), () => queue.close());
    },

    async episodes({ sessionId }) {
      const queue = deps.feed.subscribe(['episode', 'status'], { sessionId }, { capacity: QUEUE_CAPACITY });
      const session = await closeOnError(queue, () => deps.sessions.get(sessionId));
      if (session === null) {
        queue.close();
        throw new MienError('NOT_FOUND', `There is no session ${sessionId}.`);
      }
      if (!isLive(session)) queue.close();
      return closable(episodeEvents(queue), () => queue.close());
    },
  };
}

async function* statusEvents(
  queue: EventQueue<LiveEventOf<'status' | 'removed'>>,
  current: SessionRecord[],
  streamId: string | undefined,
): AsyncGenerator<SentStatus, undefined> {
  for (const session of current) yield { streamId: session.streamId, session, skippedBefore: 0 };
  for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
    const { event, skippedBefore } = taken;
    if (event.kind === 'status') yield { streamId: event.streamId, session: event.session, skippedBefore };
    else if (streamId !== undefined) return;
  }
}

async function* episodeEvents(
  queue: EventQueue<LiveEventOf<'episode' | 'status'>>,
): AsyncGenerator<SentEpisode, undefined> {
  for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
    const { event, skippedBefore } = taken;
    if (event.kind === 'episode') yield { streamId: event.streamId, event: event.event, skippedBefore };
    else if (!isLive(event.session)) return;
  }
}

async function currentSessions(
  deps: SubscriptionDeps,
  streamId: string | undefined,
): Promise<SessionRecord[]> {
  if (streamId === undefined) return deps.sessions.live();
  if ((await deps.streams.get(streamId)) === null) {
    throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
  }
  const latest = await deps.sessions.latest(streamId);
  return latest === null ? [] : [latest];
}

async function closeOnError<T>(queue: EventQueue<unknown>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    queue.close();
    throw error;
  }
}
