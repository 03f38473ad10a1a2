/**
 * The dashboard in a headless browser beside the server, of a stream of which ten moments a second come: how soon it shows something,
 * what it costs, how old a frame is once its faces are on the screen. Without a graphics card the browser paints with the processor.
 */
import { quantile, type Result, type Row, type RowOptions } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { type Dashboard, openDashboard } from '../parts/dashboard.ts';
import { limited, recorded } from '../parts/results.ts';
import { startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'page',
  measures: 'the dashboard: first paint, processor time at 10 moments a second, age of what is painted',
  run,
};

const FIRST_PAINT_MS = 300;

async function* run({ quick }: RowOptions): AsyncIterable<Result> {
  const clips = makeClips(20);
  const server = await startServer(clips.dir);
  const stream = await server.startStream('two.mp4', 'two faces');
  const url = new URL(`/#/stream/${stream}`, server.url).href;
  yield* await openings(url, quick ? 1 : 5);
  yield* await watched(url, quick ? [3] : [10, 10, 10]);
  await server.stop();
  clips.remove();
}

/** Each time in a new browser, then once more in the same. */
async function openings(url: string, rounds: number): Promise<Result[]> {
  const [first, again] = [[], []] as [number[], number[]];
  const faces: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await openDashboard(url);
    const cold = await page.open();
    first.push(cold.firstPaint);
    faces.push(cold.firstFace);
    again.push((await reopen(page)).firstPaint);
    await page.close();
  }
  const head = { row: 'page', unit: 'ms' };
  return [
    limited({ ...head, case: 'first paint, nothing kept by the browser' }, first, FIRST_PAINT_MS),
    limited({ ...head, case: 'first paint, opened again' }, again, FIRST_PAINT_MS),
    recorded({ ...head, case: 'first face of a running stream' }, faces),
  ];
}

async function reopen(page: Dashboard) {
  await page.leave();
  return page.open();
}

async function watched(url: string, windows: readonly number[]): Promise<Result[]> {
  const page = await openDashboard(url);
  await page.open();
  // What a page does once is over.
  await page.watch(2);
  await page.takeAges();
  const shares = { mainThread: [] as number[], browser: [] as number[] };
  const ages: number[][] = [];
  for (const seconds of windows) {
    const cost = await page.watch(seconds);
    shares.mainThread.push((100 * cost.mainThread) / seconds);
    shares.browser.push((100 * cost.browser) / seconds);
    ages.push((await page.takeAges()).sort((a, b) => a - b));
  }
  const perSecond = ages.map((some, i) => some.length / windows[i]!);
  await page.close();
  const head = { row: 'page', unit: '% of a core' };
  return [
    recorded({ ...head, unit: '1/s', case: 'moments that were painted' }, perSecond),
    recorded({ ...head, case: 'main thread of the page' }, shares.mainThread),
    recorded({ ...head, case: 'all processes of the browser' }, shares.browser),
    ...[0.5, 0.95].map((q) =>
      recorded(
        { ...head, unit: 'ms', case: `frame arrival to its faces painted, p${q * 100}` },
        ages.map((some) => quantile(some, q)),
      ),
    ),
  ];
}
