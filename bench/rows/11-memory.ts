/**
 * An hour of video in one go: the demo, looping, ten frames scored per second of video and as fast as that goes, 36,000
 * frames through `mien serve` on PGlite, while one subscriber over WebSocket takes every moment with all of its faces.
 * After the first tenth, memory is read every two seconds; a line through the readings (least squares) tells what an
 * hour of video adds. `--quick` runs a hundred seconds of video.
 *
 * The limit is 36 MB an hour, which is 1 kB a moment. A moment of this clip, with its two faces, takes several times
 * that in whatever form it is kept, so nothing that holds on to moments, or to half of one, stays below it. The greatest
 * growth over the level after the first tenth also holds what is not yet collected: three times as much. Of the heap,
 * which is collected every few seconds, the least of ten readings counts.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { measured, type Result, type Row, type RowOptions, spread } from '../harness.ts';
import { DEMO } from '../parts/clips.ts';
import { limited } from '../parts/results.ts';
import { type Server, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'memory',
  measures: 'what an hour of video adds to the memory of the server and its ffmpeg, against a limit',
  run,
};

const HOUR = 36_000;
const SLOPE_LIMIT = 36;
const GROWTH_LIMIT = 3 * SLOPE_LIMIT;
const EVERY = `subscription ($streamId: ID) { frameEmotions(streamId: $streamId) { cursor seq skippedBefore faces {
  track expression confidence probabilities { expression probability } actionUnits { name intensity } landmarks { x y } } } }`;

/** Megabytes at a number of frames scored. */
interface Sample {
  frames: number;
  server: number;
  ffmpeg: number;
  heap: number;
}

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const frames = quick ? HOUR / 36 : HOUR;
  const media = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  copyFileSync(DEMO, join(media, 'demo.mp4'));
  const server = await startServer(media);
  const streamId = await server.startStream('demo.mp4', 'an hour', { realtime: false });
  const subscriber = subscribe(server.url, streamId);
  const samples = await sample(server, frames, log);
  const seen = await subscriber.end();
  measured('moments sent to the subscriber', seen.sent);
  await server.stop();
  rmSync(media, { recursive: true });
  const note = `${samples.length} readings over ${samples.at(-1)!.frames - samples[0]!.frames} frames; the subscriber was sent ${seen.sent} moments, and told of ${seen.skipped} that it was too slow for`;
  yield slope('server', samples, ({ server }) => server, note);
  yield slope('JavaScript heap of its main thread', floors(samples), ({ heap }) => heap);
  yield slope('ffmpeg', samples, ({ ffmpeg }) => ffmpeg);
  yield growth('server', samples, ({ server }) => server);
  yield growth('ffmpeg', samples, ({ ffmpeg }) => ffmpeg);
}

/** From the end of the first tenth until so many frames are scored. */
async function sample(server: Server, frames: number, log: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let told = 0; ; await sleep(2000)) {
    const metrics = await server.metrics();
    const scored = metrics('mien_frames_scored_total');
    if (scored === 0) continue; // its ffmpeg may yet have to start
    const { server: own, ffmpeg } = server.usage();
    const heap = metrics('nodejs_heap_size_used_bytes') / 2 ** 20;
    const sizes = { server: own.megabytes, ffmpeg: ffmpeg.megabytes, heap };
    if (scored >= frames / 10) samples.push({ frames: scored, ...sizes });
    if (scored >= (told * frames) / 10) {
      const [server, decoding, main] = Object.values(sizes).map((size) => size.toFixed(0));
      log(`${scored} frames: server ${server} MB, ffmpeg ${decoding} MB, heap ${main} MB`);
      told = Math.floor((scored / frames) * 10) + 1;
    }
    if (scored >= frames) return samples;
  }
}

/** Takes every moment, and counts. @throws Error what ended the subscription early */
function subscribe(url: string, streamId: string) {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const seen = { sent: 0, skipped: 0 };
  const feed = client.iterate<{ frameEmotions: { skippedBefore: number } }>({
    query: EVERY,
    variables: { streamId },
  });
  const done = (async () => {
    for await (const { data, errors } of feed) {
      if (!data) throw new Error(JSON.stringify(errors));
      seen.sent += 1;
      seen.skipped += data.frameEmotions.skippedBefore;
    }
  })();
  done.catch(() => {});
  return {
    async end() {
      await feed.return?.();
      await done;
      await client.dispose();
      return seen;
    },
  };
}

/** Megabytes per hour of video: the slope of the line with the least squared distance to the readings. */
function slope(what: string, samples: Sample[], of: (sample: Sample) => number, note?: string): Result {
  const hours = samples.map(({ frames }) => frames / HOUR);
  const megabytes = samples.map(of);
  const [x, y] = [mean(hours), mean(megabytes)];
  const products = hours.map((hour, i) => (hour - x) * (megabytes[i]! - y));
  const squares = hours.map((hour) => (hour - x) ** 2);
  const head = { row: 'memory', case: `${what}, added by an hour of video`, unit: 'MB' };
  return limited({ ...head, ...(note && { note }) }, [mean(products) / mean(squares)], SLOPE_LIMIT);
}

/** Of every ten readings the one with the smallest heap. */
function floors(samples: Sample[]): Sample[] {
  const tens = Array.from({ length: Math.ceil(samples.length / 10) }, (_, at) =>
    samples.slice(at * 10, at * 10 + 10),
  );
  return tens.map((ten) => ten.reduce((least, sample) => (sample.heap < least.heap ? sample : least)));
}

/** The highest reading over the level at the beginning, which is the median of the first tenth of the readings. */
function growth(what: string, samples: Sample[], of: (sample: Sample) => number): Result {
  const megabytes = samples.map(of);
  const level = spread(megabytes.slice(0, Math.ceil(megabytes.length / 10))).median;
  const head = {
    row: 'memory',
    case: `${what}, greatest growth`,
    unit: 'MB',
    note: `over ${level.toFixed(0)} MB`,
  };
  return limited(head, [Math.max(...megabytes) - level], GROWTH_LIMIT);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
