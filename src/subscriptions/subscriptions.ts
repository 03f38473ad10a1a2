/** What a client may subscribe to: moments, states of sessions, episodes; each with a bounded queue of its own. */
import type {
  LiveEventOf,
  Scope,
  SentAggregate,
  SentEpisode,
  SentMoment,
  SentStatus,
} from '../domain/live-event.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { type AggregatesRequest, AggregateUpdates } from './aggregate-updates.ts';
import { beginningOfEpisodes, beginningOfMoments } from './beginnings.ts';
import { type ClosableEvents, closable } from './closable.ts';
import { EpisodeSubscription, type EpisodesRequest } from './episode-subscription.ts';
import { openMoments } from './open-moments.ts';
import type { EventQueue, SubscriptionDeps } from './ports.ts';
import type { MomentsRequest, Shown } from './resume-plan.ts';
import { shownOnly } from './shown-only.ts';

/** Each iterable ends at once when it is returned, also while it waits. */
export interface Subscriptions {
  /** @see openMoments */
  moments(request: MomentsRequest, signal?: AbortSignal): Promise<ClosableEvents<SentMoment>>;
  /** First the present state of each session that is live (or the newest one of the stream), then every change. */
  status(scope: Pick<Scope, 'streamId'> & Shown): Promise<ClosableEvents<SentStatus>>;
  /** From a cursor or from now on; finishes with the session, or with the stream that was removed. */
  episodes(request: EpisodesRequest): Promise<ClosableEvents<SentEpisode>>;
  /** Buckets of the timeline as they close; finishes with the session, or with the stream that was removed. */
  aggregates(request: AggregatesRequest): Promise<ClosableEvents<SentAggregate>>;
  /** Of who subscribes now, without one: a cursor that leaves out nothing that such a subscription gets. */
  cursorOfNow(of: 'moments' | 'episodes', request: Scope & Shown): Promise<string>;
}

/** Events that may wait for a slow subscriber to states. */
const QUEUE_CAPACITY = 64;

export function createSubscriptions(all: SubscriptionDeps): Subscriptions {
  const shownTo = ({ tags }: Shown) => (tags ? shownOnly(all, tags) : all);
  return {
    moments: (request, signal) => openMoments(shownTo(request), request, signal),

    async status({ streamId, ...shown }) {
      const deps = shownTo(shown);
      const { queue, current } = await listenAndRead(deps, streamId);
      return closableQueue(queue, statusEvents(queue, current, streamId));
    },

    async episodes(request) {
      const subscription = new EpisodeSubscription(shownTo(request), request);
      await closeOnError(subscription, () => subscription.open());
      return closable(subscription.events(), subscription.lost, subscription.close);
    },

    async aggregates(request) {
      const updates = new AggregateUpdates(shownTo(request), request);
      await closeOnError(updates, () => updates.open());
      return closable(updates.updates(), () => 0, updates.close);
    },

    cursorOfNow(of, request) {
      const deps = shownTo(request);
      return of === 'moments' ? beginningOfMoments(deps, request) : beginningOfEpisodes(deps);
    },
  };
}

function closableQueue<T>(
  queue: EventQueue<unknown>,
  events: AsyncGenerator<T, undefined>,
): ClosableEvents<T> {
  return closable(
    events,
    () => queue.lost,
    () => queue.close(),
  );
}

type StatusQueue = EventQueue<LiveEventOf<'status' | 'removed'>>;

/**
 * The present sessions, and the changes that follow. A state is published after its commit, so that what was published
 * before the reading is in it; whether what is published during the reading is in it cannot be told: then it is read again.
 */
async function listenAndRead(
  deps: SubscriptionDeps,
  streamId: string | undefined,
): Promise<{ queue: StatusQueue; current: SessionRecord[] }> {
  for (;;) {
    const options = { capacity: QUEUE_CAPACITY, counted: 'status' } as const;
    const queue = deps.feed.subscribe(['status', 'removed'], { streamId }, options);
    const current = await closeOnError(queue, () => currentSessions(deps, streamId));
    if (queue.length === 0) return { queue, current };
    queue.close();
  }
}

async function* statusEvents(
  queue: StatusQueue,
  current: SessionRecord[],
  streamId: string | undefined,
): AsyncGenerator<SentStatus, undefined> {
  for (const session of current) yield { streamId: session.streamId, session, skippedBefore: 0 };
  /** Read when they were committed, and perhaps published only then. */
  const read = new Map(current.map((session) => [session.id, session]));
  let skipped = 0;
  for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
    const { event } = taken;
    if (event.kind === 'removed' && streamId !== undefined) return;
    if (event.kind === 'removed') continue;
    const { session } = event;
    const before = read.get(session.id);
    read.delete(session.id);
    skipped += taken.skippedBefore;
    if (before && !event.sameState && isSameStatus(before, session)) continue;
    if (!before && current.some((newer) => isOver(session, newer))) continue;
    yield { streamId: event.streamId, session, skippedBefore: skipped };
    skipped = 0;
  }
}

/** Whether it had ended before another of its stream was read, which the bus may tell late: the last that is told is to be right. */
function isOver(session: SessionRecord, newer: SessionRecord): boolean {
  return !isLive(session) && session.streamId === newer.streamId && session.startedAt < newer.startedAt;
}

function isSameStatus(one: SessionRecord, other: SessionRecord): boolean {
  return one.state === other.state && one.failure === other.failure;
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

async function closeOnError<T>(queue: { close(): void }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    queue.close();
    throw error;
  }
}
