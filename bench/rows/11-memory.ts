/**
 * An hour of video in one go: the demo, looping, ten frames scored per second of video and as fast as that goes, 36,000
 * frames through `mien serve` on PGlite, while one subscriber over WebSocket takes every moment with all of its faces.
 * After the first tenth, memory is read every two seconds; a line through the readings (least squares) tells what an
 * hour of video adds. `--quick` runs a hundred seconds of video.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { measured, type Result, type Row, type RowOptions } from '../harness.ts';
import { DEMO } from '../parts/clips.ts';
import { floors, growth, type MemorySample, slope } from '../parts/memory-growth.ts';
import { type Server, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'memory',
  measures: 'what an hour of video adds to the memory of the server and its ffmpeg, against a limit',
  run,
};

const HOUR = 36_000;
const EVERY = `subscription ($streamId: ID) { frameEmotions(streamId: $streamId) { cursor seq skippedBefore faces {
  track expression confidence probabilities { expression probability } actionUnits { name intensity } landmarks { x y } } } }`;

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
  const note = `${samples.length} readings over ${Math.round((samples.at(-1)!.hours - samples[0]!.hours) * HOUR)} frames; the subscriber was sent ${seen.sent} moments, and told of ${seen.skipped} that it was too slow for`;
  const video = { row: 'memory', per: 'an hour of video', samples };
  yield slope(video, 'server', note);
  yield slope({ ...video, samples: floors(samples) }, 'heap');
  yield slope(video, 'ffmpeg');
  yield growth(video, 'server');
  yield growth(video, 'ffmpeg');
}

/** From the end of the first tenth until so many frames are scored. */
async function sample(server: Server, frames: number, log: (line: string) => void): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  for (let told = 0; ; await sleep(2000)) {
    const metrics = await server.metrics();
    const scored = metrics('mien_frames_scored_total');
    if (scored === 0) continue; // its ffmpeg may yet have to start
    const { server: own, ffmpeg } = server.usage();
    const heap = metrics('nodejs_heap_size_used_bytes') / 2 ** 20;
    const sizes = { server: own.megabytes, ffmpeg: ffmpeg.megabytes, heap };
    if (scored >= frames / 10) samples.push({ hours: scored / HOUR, ...sizes });
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
