/**
 * What a subscriber who is limited to the streams with some tags listens to and reads: all other streams are not there.
 * Their events do not come into its queue, so that none of its own is lost for them, or counted with them.
 */
import { seesTags, type Tags } from '../domain/access.ts';
import type { SubscriptionDeps } from './ports.ts';

export function shownOnly(deps: SubscriptionDeps, tags: Tags): SubscriptionDeps {
  const { streams, sessions, feed } = deps;
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
    feed: {
      subscribe(kinds, scope, options) {
        // Whoever names a stream or a session was told before that there is none, where it is not shown.
        const isOfAll = scope.streamId === undefined && scope.sessionId === undefined;
        if (!isOfAll) return feed.subscribe(kinds, scope, options);
        return feed.subscribe(kinds, scope, { ...options, accepts: ({ streamId }) => sees(streamId) });
      },
    },
  };
}
