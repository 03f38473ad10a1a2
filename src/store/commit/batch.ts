/** What one commit writes: moments and ends of sessions, of any sessions, in the order in which they came. */
import type { DropCounts } from '../../domain/frame.ts';
import type { EpisodeEvent, FollowingMoment } from '../../domain/moment.ts';

export interface AppendedMoment extends FollowingMoment {
  /** Among all that is committed. */
  position: number;
  /** What the moment told of episodes. */
  events: readonly EpisodeEvent[];
}

/** The end of a session, after its last moment. */
export interface SessionEnd {
  position: number;
  sessionId: string;
  /** Those that close its episodes. */
  events: readonly EpisodeEvent[];
  /** Since the last moment. */
  dropped: DropCounts;
  /** Where the source ended, in seconds of media time; without it, with the last moment. */
  end?: number | null;
}

export interface Batch {
  appended: AppendedMoment[];
  ends: SessionEnd[];
}

export function toBatch(items: readonly (AppendedMoment | SessionEnd)[]): Batch {
  const batch: Batch = { appended: [], ends: [] };
  for (const item of items) {
    if ('moment' in item) batch.appended.push(item);
    else batch.ends.push(item);
  }
  return batch;
}

export function sessionIdOf(item: AppendedMoment | SessionEnd): string {
  return 'moment' in item ? item.moment.sessionId : item.sessionId;
}

/** Each once. */
export function sessionIdsOf({ appended, ends }: Batch): string[] {
  return [...new Set([...appended, ...ends].map(sessionIdOf))];
}

/** The batch without what belongs to other sessions. */
export function onlySessions({ appended, ends }: Batch, sessionIds: ReadonlySet<string>): Batch {
  return {
    appended: appended.filter((item) => sessionIds.has(sessionIdOf(item))),
    ends: ends.filter((item) => sessionIds.has(sessionIdOf(item))),
  };
}
