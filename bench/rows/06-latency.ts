/**
 * From a frame's arrival in `ingest` (its wallTime) to the subscriber's WebSocket in another process: scoring,
 * timeline, commit and delivery. One and four real-time streams (720p, one face, 10 fps). Against the time
 * that the models take, on average in the same window; what mien adds to that is to stay under 100 ms (p99).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { measured, quantile, type Result, type Row, type RowOptions, spread } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { compared, limited } from '../parts/results.ts';
import { type Server, startServer } from '../parts/server.ts';
import { postgresLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'latency',
  measures: 'frame arrival to subscriber’s socket, against inference time alone',
  run,
};

const DOCUMENT =
  'subscription { frameEmotions { wallTime seq cursor faces { track expression confidence valence arousal } } }';

interface Window {
  ages: number[];
  /** Mean milliseconds of a batch in the worker. */
  inference: number;
}

async function* run({ quick, leftOut }: RowOptions): AsyncIterable<Result> {
  const clips = makeClips(20);
  const location = await postgresLocation(leftOut);
  const stores = [
    ['PGlite', undefined],
    ...(location ? [['PostgreSQL', location.databaseUrl]] : []),
  ] as const;
  for (const [store, url] of stores) {
    const server = await startServer(clips.dir, url);
    for (const streams of [1, 4]) {
      for (let i = streams === 1 ? 0 : 1; i < streams; i++)
        await server.startStream('one.mp4', `stream ${i}`);
      await sleep(quick ? 2000 : 4000);
      const windows: Window[] = [];
      for (let round = 0; round < (quick ? 1 : 3); round++) windows.push(await watch(server, quick ? 3 : 6));
      yield* results(windows, `${streams} streams, ${store}`);
    }
    await server.stop();
  }
  await location?.remove();
  clips.remove();
}

async function watch(server: Server, seconds: number): Promise<Window> {
  const client = createClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket });
  const ages: number[] = [];
  const stop = client.subscribe<{ frameEmotions: { wallTime: string } }>(
    { query: DOCUMENT },
    {
      next: ({ data }) => void ages.push(Date.now() - Date.parse(data!.frameEmotions.wallTime)),
      error: (error) => console.error(error),
      complete: () => {},
    },
  );
  await sleep(500);
  ages.length = 0;
  const before = await server.metrics();
  await sleep(seconds * 1000);
  const after = await server.metrics();
  stop();
  await client.dispose();
  const more = (name: string) => after(name) - before(name);
  const batches = measured('inference', more('mien_inference_seconds_count'));
  const inference = (more('mien_inference_seconds_sum') / batches) * 1000;
  measured('moments that arrived', ages.length);
  return { ages: ages.sort((a, b) => a - b), inference };
}

function* results(windows: Window[], name: string): Iterable<Result> {
  const inference = windows.map((window) => window.inference);
  for (const q of [0.5, 0.95, 0.99]) {
    const values = windows.map(({ ages }) => quantile(ages, q));
    const head = { row: 'latency', case: `${name}, p${q * 100}`, unit: 'ms' };
    const ratio = spread(values.map((value, i) => value / inference[i]!));
    yield compared(head, { mien: spread(values), against: spread(inference), ratio }, 'mean inference');
  }
  const added = windows.map(({ ages }, i) => quantile(ages, 0.99) - inference[i]!);
  yield limited({ row: 'latency', case: `${name}, p99 added to inference`, unit: 'ms' }, added, 100);
}
