/** The embedded database uses the space of removed rows again. */
import { expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/index.ts';
import { createVacuum } from '../../src/store/pglite/vacuum.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, createSession, MODEL } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

/** @returns bytes that the rows took before they were removed; indexes use their pages again one round later */
async function recordAndRemove(store: Store): Promise<number> {
  const { id, streamId } = await createSession(store);
  const moments = Array.from({ length: 300 }, (_, seq) => makeMoment(id, seq, { faces: 2 }));
  await Promise.all(moments.map((moment) => store.moments.append(moment, [])));
  const [size] = await store.prisma.$queryRaw<{ bytes: number }[]>`
    SELECT sum(pg_relation_size(relid))::float8 AS bytes FROM pg_stat_user_tables`;
  await store.streams.remove(streamId);
  return size!.bytes;
}

it('what is recorded and removed again and again takes no more space than at first, also over a restart', async () => {
  const database = await createDatabase('pglite');
  let store = await openStore({ rollUp, ...database.config });
  await store.models.upsert(MODEL);
  const sizes = [await recordAndRemove(store)];
  // Removed, and not vacuumed by the process that did.
  await store.close();
  store = await openStore({ rollUp, ...database.config });
  const vacuum = createVacuum(store.prisma);
  for (let round = 0; round < 3; round++) {
    await vacuum();
    sizes.push(await recordAndRemove(store));
  }
  expect(Math.max(...sizes) / sizes[0]!).toBeLessThan(1.2);
  await vacuum();
  const statements: string[] = [];
  const stop = store.onQuery((sql) => void statements.push(sql));
  await vacuum();
  stop();
  expect(statements.filter((sql) => /^VACUUM (moment|reading)/.test(sql))).toEqual([]);
  await store.close();
  await database.dispose();
});
