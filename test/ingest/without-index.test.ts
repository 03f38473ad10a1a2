/** Recordings in which ffmpeg cannot seek, because they are nothing but pictures that refer to others: they are read to their end all the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { file, ingestAt, never, read, risesAlways } from './harness.ts';
import { counting, frameNumber, type MediaDir, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  const h264 = '-c:v libx264 -preset ultrafast -g 10 -qp 4 -pix_fmt yuv420p';
  await media.make(
    `${counting({ rate: 25, seconds: 4, size: '96x64' })} ${h264} -x264-params b-pyramid=none -bf 5 -b_strategy 0 sixth.h264`,
  );
  await media.make(`${counting({ rate: 25, seconds: 1, size: '96x64' })} ${h264} short.h264`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

const shown = ({ pixels }: Frame) => Math.round(frameNumber(pixels)) / 25;
const wrong = (frames: readonly Frame[]) => frames.map((frame) => Math.abs(shown(frame) - frame.mediaTime));

test('raw H.264 of which too few frames remain when some are left out is read on with all of them, to its end', async () => {
  const { frames } = await ingest.open(file('sixth.h264'), {
    ...{ frameRate: 10, realtime: false, loop: false, timing: 'NEAREST', detectSize: 'STANDARD' },
    signal: never,
  });
  const taken: Frame[] = [];
  for await (const frame of frames) taken.push(frame);
  expect(taken.at(-1)!.mediaTime).toBeGreaterThan(3.8);
  expect(Math.max(...wrong(taken))).toBeLessThan(0.001);
  expect(risesAlways(taken)).toBe(true);
});

test('raw H.264 that is looped has each pass behind the one before, though ffmpeg cannot repeat it', async () => {
  const frames = await read(ingest, file('short.h264'), { frameRate: 5, loop: true, limit: 34 });
  expect(frames.map(({ loop }) => loop!.pass)).toEqual(frames.map((_, at) => Math.floor(at / 5)));
  for (const [at, { mediaTime }] of frames.entries()) expect(mediaTime).toBeCloseTo(at * 0.2, 3);
});
