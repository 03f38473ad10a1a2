/** What outputs are told when they begin: all streams that are there, each with its newest session. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createStore, MODEL, STREAM, type TestStore } from '../helpers/database.ts';

let test: TestStore;
beforeAll(async () => {
  test = await createStore();
});
afterAll(() => test.dispose());

it('is of every stream, however many there are, and of each the session that began last', async () => {
  const { streams, sessions, outputs, prisma } = test.store;
  const [first, second] = [await test.session(), await test.session()];
  await sessions.setState(first.id, 'ENDED');
  const newer = await sessions.create({ streamId: first.streamId, modelId: MODEL.id });
  const ids = [first.streamId, second.streamId];
  const { id: third } = await streams.create(STREAM);
  // As they are stored; one created after the other would take a minute.
  const more = await prisma.$queryRaw<{ id: string }[]>`INSERT INTO stream
    SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'ordinal', s.ordinal + n))).*
    FROM stream AS s, generate_series(1, 1000) AS n WHERE s.id = ${third}::uuid RETURNING id::text`;
  ids.push(third, ...more.map(({ id }) => id));
  const present = await outputs.present(null);
  expect(present.map(({ stream }) => stream.id)).toEqual(ids);
  expect(present.slice(0, 3).map(({ session }) => session?.id ?? null)).toEqual([newer.id, second.id, null]);
  expect(present.slice(0, 3).map(({ isElsewhere }) => isElsewhere)).toEqual([false, false, false]);
  expect(await outputs.present(first.streamId)).toEqual([present[0]]);
  expect(await outputs.present('0190b0f0-0000-7000-8000-00000000dead')).toEqual([]);
});

it('says which of them another server runs', async () => {
  const own = await createStore();
  onTestFinished(() => own.dispose());
  const { sessions, outputs, prisma } = own.store;
  const { id, streamId } = await own.session();
  await prisma.$executeRaw`UPDATE session SET worker_id = gen_random_uuid() WHERE id = ${id}::uuid`;
  expect(await outputs.present(streamId)).toMatchObject([{ isElsewhere: true, session: { id } }]);
  await prisma.$executeRaw`UPDATE session SET state = 'ENDED' WHERE id = ${id}::uuid`;
  expect(await outputs.present(streamId)).toMatchObject([{ isElsewhere: false }]);
  expect(await sessions.live(streamId)).toEqual([]);
});
