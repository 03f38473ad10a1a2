/** Sessions of made-up moments in a database, and a server on it. */
import { makeMoment } from './moments.ts';
import { type Server, startServer } from './server.ts';
import { createSession, openStoreAt, type StoreLocation } from './stores.ts';

/** Moments under way while they are stored. */
const AT_ONCE = 2_000;

export interface RecordedServer extends Server {
  sessionId: string;
}

/** A session of so many moments with one face each, all numbers different. */
export async function serveRecorded(location: StoreLocation, moments: number): Promise<RecordedServer> {
  const store = await openStoreAt(location);
  const { id, streamId } = await createSession(store);
  const start = Date.now() - moments * 100;
  for (let from = 0; from < moments; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, moments - from) }, (_, at) =>
      makeMoment(id, from + at, start),
    );
    await Promise.all(some.map((moment) => store.moments.append(moment, [])));
  }
  // Or the server would go on with it.
  await store.streams.setShouldRun(streamId, false);
  await store.prisma.session.update({ where: { id }, data: { state: 'ENDED', endedAt: new Date() } });
  await store.close();
  const { databaseUrl, dataDir } = location;
  const server = await startServer(dataDir, databaseUrl, databaseUrl === undefined ? dataDir : undefined);
  return { ...server, sessionId: id };
}
