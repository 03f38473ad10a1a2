/** Cameras whose streams hold pictures and no times: media time is when they came. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, read, risesAlways, times, url } from './harness.ts';
import { counting, ffmpeg, frameNumber, hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { type Served, serve } from './servers.ts';

const H264 = '-c:v libx264 -pix_fmt yuv420p -bf 0 -tune zerolatency -g 5';
let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
let camera: Served;

/** What a camera sends of each picture, and its type. */
const CAMERAS: Record<string, { type: string; output: string }> = {
  '/mpjpeg': { type: 'multipart/x-mixed-replace;boundary=ffmpeg', output: '-c:v mjpeg -q:v 2 -f mpjpeg' },
  '/m4v': { type: 'video/mp4v-es', output: '-c:v mpeg4 -q:v 2 -g 5 -f m4v' },
  '/h264': { type: 'video/h264', output: `${H264} -f h264` },
};

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true });
  // Five pictures a second, at the pace of the clock, as a camera that tells no times.
  camera = await serve((request, response) => {
    const { type, output } = CAMERAS[request.url ?? '']!;
    const source = counting({ rate: 5, seconds: 60, size: '96x96' });
    const args = `-nostdin -v error -re ${source} ${output} -flush_packets 1 -`.split(/\s+/);
    const sending = spawn(ffmpeg.path, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    response.writeHead(200, { 'content-type': type });
    sending.stdout.pipe(response);
    response.on('close', () => sending.kill('SIGKILL'));
  });
});
afterAll(async () => {
  await ingest.close();
  await camera.close();
  await media.remove();
});

describe.skipIf(!hasNetworkFfmpeg)('a camera of five pictures a second that tells no times', () => {
  test.each(Object.keys(CAMERAS))(
    'at %s has the media time at which its pictures come, and none of them is missing',
    async (path) => {
      const frames: Frame[] = [];
      for await (const frame of decode(ingest, url(`http://127.0.0.1:${camera.port}${path}`), {
        frameRate: 10,
      }))
        if (frames.push(frame) === 20) break;
      expect(risesAlways(frames)).toBe(true);
      // What comes at the start has waited for ffmpeg.
      const [first, last] = [frames[8]!, frames.at(-1)!];
      const dropped = frames.slice(9).reduce((sum, frame) => sum + (frame.dropped.busy ?? 0), 0);
      const shown = Math.round(frameNumber(last.pixels) - frameNumber(first.pixels));
      expect(shown).toBe(11 + dropped);
      // Five a second, give or take what a busy machine delays them by.
      expect(Math.abs(last.mediaTime - first.mediaTime - shown / 5)).toBeLessThan(0.5);
      const lag = frames.slice(8).map(({ wallTime, mediaTime }) => wallTime / 1000 - mediaTime);
      expect(Math.max(...lag) - Math.min(...lag)).toBeLessThan(0.5);
    },
  );
});

test('a recording of pictures without times keeps the rate that it tells, also by HTTP', async () => {
  await media.make(`${counting({ rate: 5, seconds: 2, size: '96x96' })} ${H264} -f h264 raw.h264`);
  const expected = Array.from({ length: 10 }, (_, i) => i * 200);
  expect(times(await read(ingest, file('raw.h264'), { frameRate: 25 }))).toEqual(expected);
  if (!hasNetworkFfmpeg) return;
  const bytes = await readFile(media.at('raw.h264'));
  const server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'video/h264', 'content-length': bytes.length }).end(bytes);
  });
  expect(
    times(await read(ingest, url(`http://127.0.0.1:${server.port}/raw.h264`), { frameRate: 25 })),
  ).toEqual(expected);
  await server.close();
});
