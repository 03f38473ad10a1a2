/**
 * An hour at more than twice what the machine can score: streams as in the row `load`, 24 of them (or `BENCH_STREAMS=48`), and a subscriber of all.
 * After the first tenth, memory is read every five seconds. That twice as much is asked for as is scored is seen to, or the row fails. `--quick`
 * takes a hundred seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result, Row, RowOptions } from '../harness.ts';
import { spread } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { watchLoad } from '../parts/load-window.ts';
import { floors, growth, type MemorySample, slope } from '../parts/memory-growth.ts';
import { compared } from '../parts/results.ts';
import { type Server, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'load-hour',
  measures: 'what an hour at twice the capacity adds to the memory of the server, against a limit',
  run,
};

const STREAMS = Number(process.env.BENCH_STREAMS ?? 24);
/** Frames a second that each stream asks for. */
const ASKED = 10;
const HOUR_SECONDS = 3600;

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const seconds = quick ? 100 : HOUR_SECONDS;
  const clips = makeClips(20);
  const server = await startServer(clips.dir);
  try {
    const load = watchLoad(server);
    for (let at = 0; at < STREAMS; at++) await server.startStream('one.mp4', `stream ${at}`);
    await sleep((seconds / 10) * 1000);
    const [{ scored }, samples] = await Promise.all([
      load.watch(seconds * 0.9, STREAMS),
      sample(server, seconds * 0.9, log),
    ]);
    await load.close();
    const head = { row: 'load-hour', case: `${STREAMS} streams, asked for`, unit: 'frames/s' };
    const ratio = spread([(STREAMS * ASKED) / scored]);
    const sides = { mien: spread([STREAMS * ASKED]), against: spread([scored]), ratio };
    yield compared(head, sides, 'scored', { atLeast: 2 });
    const series = { row: 'load-hour', per: 'an hour', samples };
    yield slope(series, 'server', `${samples.length} readings in ${(seconds * 0.9).toFixed(0)} s`);
    yield slope({ ...series, samples: floors(samples) }, 'heap');
    yield growth(series, 'server');
  } finally {
    await server.stop();
    clips.remove();
  }
}

async function sample(server: Server, seconds: number, log: (line: string) => void): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  for (let told = 0; passed() < seconds; await sleep(5000)) {
    const metrics = await server.metrics();
    // Of streams that are decoded in turns some have no ffmpeg.
    const { server: own, ffmpeg } = server.usage(0);
    const heap = metrics('nodejs_heap_size_used_bytes') / 2 ** 20;
    samples.push({ hours: passed() / HOUR_SECONDS, server: own.megabytes, ffmpeg: ffmpeg.megabytes, heap });
    if (passed() < told) continue;
    log(
      `${passed().toFixed(0)} s: server ${own.megabytes.toFixed(0)} MB, ffmpegs ${ffmpeg.megabytes.toFixed(0)} MB, heap ${heap.toFixed(0)} MB`,
    );
    told += seconds / 10;
  }
  return samples;
}
