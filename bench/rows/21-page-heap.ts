/** The dashboard left open on a stream of which ten moments a second come: whether what it holds grows. */
import { measured, type Result, type Row, type RowOptions } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { openDashboard } from '../parts/dashboard.ts';
import { limited, recorded } from '../parts/results.ts';
import { startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'page-heap',
  measures: 'memory of the dashboard over half an hour',
  run,
};

/** The live timeline is full after these; until then it grows, as it should. */
const FILLED_MINUTES = 5;
const MINUTES = 30;
/** What may come and go between two looks, in megabytes. */
const NOISE = 1;

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const clips = makeClips(20);
  const server = await startServer(clips.dir);
  const stream = await server.startStream('two.mp4', 'two faces');
  const page = await openDashboard(new URL(`/#/stream/${stream}`, server.url).href);
  await page.open();
  const minute = quick ? 1 : 60;
  const heaps: number[] = [];
  for (let minutes = 1; minutes <= MINUTES; minutes++) {
    await page.watch(minute);
    measured('moments that were painted', (await page.takeAges()).length);
    heaps.push(await page.heap());
    log(`${minutes} min: ${heaps.at(-1)!.toFixed(2)} MB`);
  }
  await page.close();
  await server.stop();
  clips.remove();
  const later = heaps.slice(FILLED_MINUTES);
  const half = Math.floor(later.length / 2);
  const mean = (some: number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const growth = mean(later.slice(half)) - mean(later.slice(0, half));
  const head = { row: 'page-heap', unit: 'MB' };
  yield recorded({ ...head, case: 'in use after a collection, each minute' }, heaps);
  yield limited(
    { ...head, case: `growth from one half of minutes ${FILLED_MINUTES} to ${MINUTES} to the other` },
    [growth],
    NOISE,
  );
}
