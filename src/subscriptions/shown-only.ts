/**
 * What a subscriber who is limited to the streams with some tags listens to and reads: all other streams are not there.
 * Their events do not come into its queue, so that none of its own is lost for them, or counted with them.
 */
import { seesTags, type Tags } from '../domain/access.ts';
import type { LiveEvent } from '../domain/live-event.ts';
import type { CommitLog, SubscriptionDeps } from './ports.ts';

export function shownOnly(deps: SubscriptionDeps, tags: Tags): SubscriptionDeps {
  const { streams, sessions, log, feed } = deps;
  /** One that is not known is not shown. */
  const sees = (streamId: string) => {
    const found = streams.tagsOf(streamId);
    return found !== null && seesTags({ streams: tags }, found);
  };
  return {
    ...deps,
    streams: { ...streams, get: async (id) => (sees(id) ? streams.get(id) : null) },
    sessions: {
      async get(id) {
        const session = await sessions.get(id);
        return session !== null && sees(session.streamId) ? session : null;
      },
      latest: async (streamId) => (sees(streamId) ? sessions.latest(streamId) : null),
      live: async (streamId) => (await sessions.live(streamId)).filter((session) => sees(session.streamId)),
      startedSince: (time, only) => sessions.startedSince(time, { ...only, tags }),
      followersOf: async (id, limit) =>
        (await sessions.followersOf(id, limit)).filter((session) => sees(session.streamId)),
    },
    log: shownLog(log, sees),
    feed: {
      subscribe(kinds, scope, options) {
        const isOfAll = scope.streamId === undefined && scope.sessionId === undefined;
        // Whoever names a stream or a session hears that it is gone; it may be tagged anew, and not be shown any more, at any time.
        const isShown = (event: LiveEvent) =>
          event.kind === 'committed' || sees(event.streamId) || (!isOfAll && event.kind === 'removed');
        return feed.subscribe(kinds, scope, {
          ...options,
          // Asked first: whoever subscribes may have to know of what is hidden, too.
          accepts: (event) => (options.accepts?.(event) ?? true) && isShown(event),
        });
      },
    },
  };
}

/** What is hidden takes its place in a page, and is not told. */
function shownLog(log: CommitLog, sees: (streamId: string) => boolean): CommitLog {
  return {
    writers: () => log.writers(),
    expired: async (streamId) => (await log.expired(streamId)).filter((deleted) => sees(deleted.streamId)),
    behind: async (position, limit) =>
      (await log.behind(position, limit)).map((logged) =>
        sees(logged.streamId) ? logged : { ...logged, moment: null },
      ),
    episodesBehind: async (place, scope, limit) =>
      (await log.episodesBehind(place, scope, limit)).map((logged) =>
        sees(logged.streamId) ? logged : { ...logged, isHidden: true },
      ),
  };
}
