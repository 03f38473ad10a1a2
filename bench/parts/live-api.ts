/** mien's own API with live subscriptions and a bus of its own; the store below is empty. */
import type { Authenticator } from '../../src/access/authenticate.ts';
import { MemoryBus } from '../../src/bus/index.ts';
import type { Moment } from '../../src/domain/moment.ts';
import type { SessionRecord, StreamRecord } from '../../src/domain/stream.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { SESSION, STREAM } from '../sides/publish.ts';
import { openBareApi } from './bare-api.ts';

const stream = { id: STREAM, name: 'bench' } as StreamRecord;
const session = {
  ...{ id: SESSION, streamId: STREAM, state: 'RUNNING', failure: null, modelId: 'm', endedAt: null },
  startedAt: new Date(),
} as SessionRecord;

/** An API, and what publishes a moment of its one stream. */
export interface LiveApi {
  port: number;
  publish(moment: Moment): void;
}

/** @param authenticator none: everybody is let in */
export async function openLiveApi(authenticator?: Authenticator): Promise<LiveApi> {
  const bus = new MemoryBus();
  const live = createSubscriptions({
    streams: { get: async () => stream } as never,
    sessions: {
      get: async () => session,
      latest: async () => session,
      live: async () => [session],
      startedSince: async () => [],
      followersOf: async () => [],
    },
    history: {
      page: async () => [],
      extent: async () => ({ oldest: null, newest: -1 }),
      search: async () => ({ moments: [], more: false, stoppedAt: null }),
    },
    log: {
      writers: async () => [],
      expired: async () => [],
      behind: async () => [],
      episodesBehind: async () => [],
    },
    async *buckets() {},
    feed: bus,
    now: Date.now,
  });
  const api = await openBareApi(
    { subscriptions: live },
    // All at once.
    { limits: { connections: 1e6, connectionsPerAddress: 1e6, subscribers: 1e6 }, authenticator },
  );
  return { port: api.port, publish: (moment) => bus.moment(STREAM, moment, 0) };
}
