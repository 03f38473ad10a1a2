/** Frames that no other refers to are not decoded, where enough others remain. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { file, ingestAt, never, risesAlways } from './harness.ts';
import { counting, frameNumber, type MediaDir, mediaDir } from './media.ts';
import { naming } from './processes.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  const clip = (name: string, more: string) =>
    media.make(`${counting({ seconds: 6 })} -c:v mpeg4 -q:v 2 -g 30 ${more} ${name}`);
  await clip('half.mp4', '-bf 1');
  await clip('sixth.mp4', '-bf 5');
  await clip('all.mp4', '-bf 0');
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** The frames of a clip, and what ffmpeg was told to leave out, run by run. */
async function decoded(name: string, timing: 'EVEN' | 'NEAREST' | null) {
  const options = {
    frameRate: 10,
    realtime: false,
    loop: false,
    timing,
    detectSize: 'STANDARD' as const,
    signal: never,
  };
  const { frames } = await ingest.open(file(name), options);
  const taken: Frame[] = [];
  const runs: boolean[] = [];
  for await (const frame of frames) {
    taken.push(frame);
    const leavesOut = naming(media.path).some((line) => line.includes('-skip_frame noref'));
    if (runs.at(-1) !== leavesOut && naming(media.path).length > 0) runs.push(leavesOut);
  }
  return { frames: taken, runs };
}

/** How far each frame's time is from the one that its picture tells, in seconds. */
const wrong = (frames: Frame[]) =>
  frames.map(({ pixels, mediaTime }) => {
    const shown = Math.round(frameNumber(pixels)) / 30;
    const lap = 100 / 30;
    return Math.abs(((mediaTime - shown + lap / 2) % lap) - lap / 2);
  });

test('of a clip whose every other frame is referred to by none, as many come as were asked for, at their own times', async () => {
  const { frames, runs } = await decoded('half.mp4', 'NEAREST');
  expect(runs[0]).toBe(true);
  expect(Math.abs(frames.length - 60)).toBeLessThanOrEqual(1);
  expect(risesAlways(frames)).toBe(true);
  expect(Math.max(...wrong(frames))).toBeLessThan(0.02);
  const off = frames.map(({ mediaTime }) => Math.abs(mediaTime - Math.round(mediaTime * 10) / 10));
  expect(Math.max(...off)).toBeLessThan(0.07);
});

test('of a clip of which too few frames would remain all are decoded after two seconds at most, and none comes twice', async () => {
  const { frames } = await decoded('sixth.mp4', 'NEAREST');
  expect(risesAlways(frames)).toBe(true);
  expect(Math.max(...wrong(frames))).toBeLessThan(0.02);
  const later = frames.filter(({ mediaTime }) => mediaTime > 2.5);
  const rate = (later.length - 1) / (later.at(-1)!.mediaTime - later[0]!.mediaTime);
  expect(rate).toBeGreaterThan(9.8);
  // It is known from then on.
  const again = await decoded('sixth.mp4', 'NEAREST');
  expect(again.runs).not.toContain(true);
  expect(again.frames).toHaveLength(60);
});

test('of a clip all of whose frames are referred to none is left out', async () => {
  const { frames } = await decoded('all.mp4', 'NEAREST');
  expect(frames.map(({ mediaTime }) => Math.round(mediaTime * 10))).toEqual(
    Array.from({ length: 60 }, (_, i) => i),
  );
});

test.each(['EVEN', null] as const)('a recording whose timing is %s keeps the even grid', async (timing) => {
  const { frames, runs } = await decoded('half.mp4', timing);
  expect(runs).not.toContain(true);
  expect(frames.map(({ mediaTime }) => Math.round(mediaTime * 10))).toEqual(
    Array.from({ length: 60 }, (_, i) => i),
  );
});
