/** The sources of subscriptions: moments, states and episodes, each with a bounded queue of its own. */
import type { LiveEventOf, Scope, SentEpisode, SentMoment, SentStatus } from '../domain/live-event.ts';
import type { SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Queue } from '../sessions/ports.ts';
import { type MomentsRequest, openMoments, type ResumeDeps } from './open-moments.ts';
import { isLive } from './resume-plan.ts';

/** Each iterable ends at once when it is returned, also while it waits. */
export interface Live {
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

const CAPACITY = 64;

export function createLive(deps: ResumeDeps): Live {
  return {
    moments: (request, signal) => openMoments(deps, request, signal),

    async status({ streamId }) {
      const queue = deps.feed.subscribe(['status', 'removed'], { streamId }, { capacity: CAPACITY });
      const present = await orClose(queue, () => presentOf(deps, streamId));
      return closable(queue, statusEvents(queue, present, streamId));
    },

    async episodes({ sessionId }) {
      const queue = deps.feed.subscribe(['episode', 'status'], { sessionId }, { capacity: CAPACITY });
      const session = await orClose(queue, () => deps.sessions.get(sessionId));
      if (session === null) {
        queue.close();
        throw new MienError('NOT_FOUND', `There is no session ${sessionId}.`);
      }
      if (!isLive(session)) queue.close();
      return closable(queue, episodeEvents(queue));
    },
  };
}

async function* statusEvents(
  queue: Queue<LiveEventOf<'status' | 'removed'>>,
  present: SessionRecord[],
  streamId: string | undefined,
): AsyncGenerator<SentStatus, undefined> {
  for (const session of present) yield { streamId: session.streamId, session, skippedBefore: 0 };
  for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
    const { event, skippedBefore } = taken;
    if (event.kind === 'status') yield { streamId: event.streamId, session: event.session, skippedBefore };
    else if (streamId !== undefined) return;
  }
}

async function* episodeEvents(
  queue: Queue<LiveEventOf<'episode' | 'status'>>,
): AsyncGenerator<SentEpisode, undefined> {
  for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
    const { event, skippedBefore } = taken;
    if (event.kind === 'episode') yield { streamId: event.streamId, event: event.event, skippedBefore };
    else if (!isLive(event.session)) return;
  }
}

async function presentOf(deps: ResumeDeps, streamId: string | undefined): Promise<SessionRecord[]> {
  if (streamId === undefined) return deps.sessions.live();
  if ((await deps.streams.get(streamId)) === null) {
    throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
  }
  const latest = await deps.sessions.latest(streamId);
  return latest === null ? [] : [latest];
}

async function orClose<T>(queue: Queue<unknown>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    queue.close();
    throw error;
  }
}

/** A generator that waits cannot be returned; closing its queue makes it go on, and end. */
function closable<T>(
  queue: Queue<unknown>,
  events: AsyncGenerator<T, undefined>,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    async next() {
      const result = await events.next();
      if (result.done) queue.close();
      return result;
    },
    async return() {
      queue.close();
      await events.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
