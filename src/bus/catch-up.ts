/**
 * What the database tells of all that is followed on a server, published there as if it had been heard: the newest positions, so that who
 * reads in the order of commits reads on; of each session the newest moment, so that who follows it fills the gap from the store; and
 * states, so that ends are told. Moments come before the state that ends them.
 */
import type { ErasureStep } from '../domain/erasure.ts';
import type { LiveEvent } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { mapConcurrently } from '../threads/map-concurrently.ts';
import type { LastKnownSessions } from './last-known-sessions.ts';
import type { Followed } from './topics.ts';

/** store: what is committed. */
export interface Stored {
  /**
   * Of these streams (null: of all) the sessions that are live, or began or ended since, and these sessions, in the order of their
   * creation; `newest`: the greatest `seq` that was ever committed, -1 without any.
   */
  sessions(of: {
    streamIds: readonly string[] | null;
    sessionIds: readonly string[];
    since: Date;
  }): Promise<{ session: SessionRecord; newest: number }[]>;
  /** One moment of a session, or the first one behind it; null: there is none any more. */
  momentFrom(sessionId: string, seq: number): Promise<Moment | null>;
  /** The newest position of each writer. */
  positions(): Promise<number[]>;
  /** Which of these streams are not there. */
  goneOf(streamIds: readonly string[]): Promise<string[]>;
  /** The clock of what is stored, in milliseconds since the epoch. */
  now(): number;
  /** What was erased since: of a stretch, its session. */
  erasedSince(since: Date): Promise<ErasureStep[]>;
  /** By which this server runs sessions; null: by none yet. */
  worker(): string | null;
  /** Those of other servers, as long as they hold a lease. */
  otherWorkers(): Promise<string[]>;
}

export interface CatchUpDeps {
  stored: Stored;
  lastKnown: LastKnownSessions;
  followed(): Followed;
  publish(event: LiveEvent): void;
}

/** Sessions whose newest moments are read at a time. */
const AT_A_TIME = 8;

interface Found {
  session: SessionRecord;
  moment: Moment | null;
}

/** @param since from when on something may not have been heard */
export async function catchUp(deps: CatchUpDeps, since: Date): Promise<void> {
  const { stored, lastKnown, publish } = deps;
  const followed = deps.followed();
  const { all, streamIds, sessionIds } = followed;
  if (!all && streamIds.size === 0 && sessionIds.size === 0) return;
  const count = lastKnown.count;
  const known = lastKnown.live().filter((session) => isFollowed(session, followed));
  const ids = new Set([...sessionIds, ...known.map(({ id }) => id)]);
  const rows = await stored.sessions({
    ...{ streamIds: all ? null : [...streamIds], sessionIds: [...ids], since },
  });
  const found = await readMoments(deps, rows, followed);
  const gone = await stored.goneOf([...streamIds]);
  publish({ kind: 'committed', positions: await stored.positions() });
  for (const { session, moment } of found) {
    const { streamId } = session;
    if (moment !== null && moment.seq > lastKnown.seqOf(session.id))
      publish({ kind: 'moment', streamId, moment, position: UNKNOWN });
    if (lastKnown.isNews(session, count)) publish({ kind: 'status', streamId, session });
  }
  const there = new Set(rows.map(({ session }) => session.id));
  for (const session of known) if (!there.has(session.id)) publish(removedSession(session, stored.now()));
  for (const id of sessionIds) if (!there.has(id)) publish({ kind: 'removed', streamId: '', sessionId: id });
  for (const streamId of gone) publish({ kind: 'removed', streamId });
}

/** Before all that was ever committed: who goes by positions reads the store. */
const UNKNOWN = 0;

function isFollowed({ id, streamId }: SessionRecord, { all, streamIds, sessionIds }: Followed): boolean {
  return all || streamIds.has(streamId) || sessionIds.has(id);
}

/** Who follows all streams goes by positions: moments are read for the others. */
function readMoments(
  { stored, lastKnown }: CatchUpDeps,
  rows: readonly { session: SessionRecord; newest: number }[],
  followed: Followed,
): Promise<Found[]> {
  const read = async ({ session, newest }: (typeof rows)[number]): Promise<Found> => {
    const isWanted = isFollowed(session, { ...followed, all: false }) && newest > lastKnown.seqOf(session.id);
    return { session, moment: isWanted ? await stored.momentFrom(session.id, newest) : null };
  };
  return mapConcurrently(rows, AT_A_TIME, read);
}

/** It went with all that was recorded of it: whoever waits for it need not. */
function removedSession(session: SessionRecord, now: number): LiveEvent {
  const ended: SessionRecord = isLive(session)
    ? { ...session, state: 'ENDED', endedAt: new Date(now) }
    : session;
  return { kind: 'status', streamId: session.streamId, session: ended };
}
