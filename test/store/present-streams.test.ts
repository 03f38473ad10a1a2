/** What outputs are told when they begin: all streams that are there, each with its newest session. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStore, MODEL, STREAM, type TestStore } from '../helpers/database.ts';

let test: TestStore;
beforeAll(async () => {
  test = await createStore();
});
afterAll(() => test.dispose());

it('is of every stream, however many there are, and of each the session that began last', async () => {
  const { streams, sessions, outputs } = test.store;
  const [first, second] = [await test.session(), await test.session()];
  await sessions.setState(first.id, 'ENDED');
  const newer = await sessions.create({ streamId: first.streamId, modelId: MODEL.id });
  const ids = [first.streamId, second.streamId];
  for (let more = 0; more < 1_001; more++) ids.push((await streams.create(STREAM)).id);
  const present = await outputs.present(null);
  expect(present.map(({ stream }) => stream.id)).toEqual(ids);
  expect(present.slice(0, 3).map(({ session }) => session?.id ?? null)).toEqual([newer.id, second.id, null]);
  expect(await outputs.present(first.streamId)).toEqual([present[0]]);
  expect(await outputs.present('0190b0f0-0000-7000-8000-00000000dead')).toEqual([]);
}, 240_000);
