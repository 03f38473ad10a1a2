/** Which server tells outputs of a stream that was removed: one, and the one that ran it where that is still there. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStore, type TestStore } from '../helpers/database.ts';

let test: TestStore;
beforeEach(async () => {
  test = await createStore();
});
afterEach(() => test.dispose());

const OUTPUT = {
  ...{ name: 'a receiver', enabled: true, allowPrivate: true, topics: ['STATES' as const], rules: [] },
  target: { kind: 'OSC' as const, host: '127.0.0.1', port: 9, prefix: '/mien' },
};

async function removed(of: 'all' | 'its own' = 'all'): Promise<string> {
  const { streams, sessions, outputs } = test.store;
  const session = await test.session();
  await sessions.setState(session.id, 'ENDED');
  await outputs.create({ ...OUTPUT, streamId: of === 'all' ? null : session.streamId });
  await streams.remove(session.streamId);
  return session.streamId;
}

/** As if another server had run it. @param lasts an interval of PostgreSQL */
async function elsewhere(lasts: string): Promise<void> {
  const { prisma } = test.store;
  const id = randomUUID();
  await prisma.$executeRawUnsafe(
    `INSERT INTO worker (id, name, expires_at) VALUES ('${id}', 'another', clock_timestamp() + interval '${lasts}')`,
  );
  await prisma.$executeRawUnsafe(`UPDATE removed_stream SET worker_id = '${id}'`);
}

it('one server tells of it, however often and by how many it is asked; all hear of it', async () => {
  const { outputs } = test.store;
  const streamId = await removed();
  const servers = Array.from({ length: 4 }, () => randomUUID());
  const first = await Promise.all(servers.map((server) => outputs.removed(server)));
  expect(first.map((list) => list.map((one) => one.streamId))).toEqual(servers.map(() => [streamId]));
  expect(first.flat().filter(({ isOurs }) => isOurs)).toHaveLength(1);
  // Whoever does has lost the answer, perhaps.
  expect(await Promise.all(servers.map((server) => outputs.removed(server)))).toEqual(first);
});

it('it is told by who ran it last while that holds its lease, and then by any', async () => {
  const { outputs, prisma } = test.store;
  const streamId = await removed();
  await elsewhere('1 hour');
  const server = randomUUID();
  expect(await outputs.removed(server)).toEqual([{ streamId, isOurs: false }]);
  await prisma.$executeRawUnsafe(`UPDATE worker SET expires_at = clock_timestamp() WHERE name = 'another'`);
  expect(await outputs.removed(server)).toEqual([{ streamId, isOurs: true }]);
});

it('nothing is kept of it where no output is of all streams, or for longer than a day', async () => {
  const { outputs, prisma } = test.store;
  await removed('its own');
  expect(await outputs.removed(randomUUID())).toEqual([]);
  const streamId = await removed();
  const past = (interval: string) =>
    prisma.$executeRawUnsafe(
      `UPDATE removed_stream SET removed_at = clock_timestamp() - interval '${interval}'`,
    );
  await past('23 hours');
  const server = randomUUID();
  expect(await outputs.removed(server)).toEqual([{ streamId, isOurs: true }]);
  expect(await outputs.removed(randomUUID())).toEqual([]);
  await past('25 hours');
  expect(await outputs.removed(server)).toEqual([]);
  const other = await removed();
  expect(await prisma.removedStream.findMany({ select: { streamId: true } })).toEqual([{ streamId: other }]);
});
