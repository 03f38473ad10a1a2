import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeMetrics } from '../../src/cli/serve/store-metrics.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let metrics: Metrics;
let db: TestStore;

beforeAll(async () => {
  metrics = createMetrics();
  db = await createStore({ metrics: storeMetrics(metrics), bufferMax: 5 });
});
afterAll(async () => {
  await db.dispose();
  metrics.close();
});

/** The value of a series as it stands at /metrics. */
async function scraped(series: string): Promise<number> {
  const line = (await metrics.registry.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.split(' ')[1]);
}

it('moments and ends of sessions are in the buffer depth until they are committed', async () => {
  const { id } = await db.session();
  const appends = [0, 1, 2].map((seq) => db.store.moments.append(makeMoment(id, seq), []));
  const all = [...appends, db.store.moments.finish(id, [], { busy: 1 })];
  expect(await scraped('mien_commit_buffer_depth')).toBe(4);
  await Promise.all(all);
  await expect.poll(() => scraped('mien_commit_buffer_depth')).toBe(0);
});

it('every commit is told with its size and its time', async () => {
  const sizes = async () => [await scraped('mien_commit_size_count'), await scraped('mien_commit_size_sum')];
  const [count, sum] = (await sizes()) as [number, number];
  const { id } = await db.session();
  for (const seq of [0, 1]) await db.store.moments.append(makeMoment(id, seq), []);
  await Promise.all([2, 3, 4].map((seq) => db.store.moments.append(makeMoment(id, seq), [])));
  await expect.poll(sizes).toEqual([count + 3, sum + 5]);
  expect(await scraped('mien_commit_seconds_count')).toBe(count + 3);
});

it('a moment that the full buffer refuses is in neither', async () => {
  const { id } = await db.session();
  const before = await scraped('mien_commit_size_sum');
  const appends = [0, 1, 2, 3, 4, 5].map((seq) => db.store.moments.append(makeMoment(id, seq), []));
  expect(await scraped('mien_commit_buffer_depth')).toBe(5);
  const settled = await Promise.allSettled(appends);
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  await expect.poll(() => scraped('mien_commit_size_sum')).toBe(before + 5);
});
