/** mien's own API, live subscriptions and bus; the store below is empty. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApi } from '../../src/api/index.ts';
import { MemoryBus } from '../../src/bus/index.ts';
import type { SessionRecord, StreamRecord } from '../../src/domain/stream.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { SESSION, STREAM, serve } from './publish.ts';

const stream = { id: STREAM, name: 'bench' } as StreamRecord;
const session = {
  ...{ id: SESSION, streamId: STREAM, state: 'RUNNING', failure: null, modelId: 'm', endedAt: null },
  startedAt: new Date(),
} as SessionRecord;
const bus = new MemoryBus();
const live = createSubscriptions({
  streams: { get: async () => stream } as never,
  sessions: {
    get: async () => session,
    latest: async () => session,
    live: async () => [session],
    startedSince: async () => [],
  },
  history: { page: async () => [], extent: async () => ({ oldest: null, newest: -1 }) },
  feed: bus,
  now: Date.now,
});
const api = await openApi({
  services: {
    prisma: {} as never,
    recordings: {} as never,
    subscriptions: live,
    streamManager: {} as never,
    modelIds: [],
  },
  ...{ log: createLog('warn', false), metrics: createMetrics(), host: '127.0.0.1', port: 0 },
  ...{ allowedOrigins: [], uploadsDir: join(tmpdir(), 'mien-bench-uploads'), maxUpload: 1 },
  ready: async () => {},
});
serve(api.port, (moment) => bus.moment(STREAM, moment));
