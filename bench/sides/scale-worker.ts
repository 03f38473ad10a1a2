/** A worker without a source: commits moments of one session, as fast as the store takes them, and tells the other servers of each over NATS. */
import { tmpdir } from 'node:os';
import { openBus } from '../../src/cli/serve/bus-parts.ts';
import { readConfig } from '../../src/config.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { makeMoment } from '../parts/moments.ts';
import { answer } from '../parts/side-process.ts';
import { createSession, openStoreAt } from '../parts/stores.ts';
import { SESSION, STREAM } from './publish.ts';

const [databaseUrl, natsUrl] = process.argv.slice(2) as [string, string];
const dataDir = tmpdir();
const store = await openStoreAt({ databaseUrl, dataDir, remove: async () => {} });
const config = readConfig({ DATABASE_URL: databaseUrl, NATS_URL: natsUrl });
const log = createLog({ logLevel: 'warn', logFormat: 'json' });
const bus = await openBus(config, store, createMetrics(), log);
const { id, streamId } = await createSession(store);
// Subscribers ask for these.
await store.prisma.stream.update({ where: { id: streamId }, data: { id: STREAM } });
await store.prisma.session.update({ where: { id }, data: { id: SESSION } });
await store.sessions.setState(SESSION, 'RUNNING');

let previous: Moment | undefined;

/** One face each; `mediaTime` goes on by a tenth of a second. */
function send(): Promise<void> {
  const moment = makeMoment(SESSION, (previous?.seq ?? -1) + 1, Date.now());
  const stored = store.moments.append(moment, [], previous);
  previous = moment;
  return stored.then((position) => bus.all.publish({ kind: 'moment', streamId: STREAM, moment, position }));
}

answer(async ({ count = 0 }: { count?: number }) => {
  await Promise.all(Array.from({ length: count }, send));
  return { stored: (previous?.seq ?? -1) + 1, isUp: bus.standing().bus === 'up' };
});
