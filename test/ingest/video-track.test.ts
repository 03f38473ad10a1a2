/** Which of a source's video tracks is read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceInput } from '../../src/domain/frame.ts';
import { ingestAt, never, read, refusal } from './harness.ts';
import { counting, type MediaDir, MPEG4, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

const SIZES = ['96x64', '64x96', '128x64'];
beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  const inputs = SIZES.map((size) => counting({ rate: 5, seconds: 1, size })).join(' ');
  const map = '-map 0 -map 1 -map 2';
  await media.make(
    `${inputs} -f lavfi -i sine=d=1 ${map} -map 3 ${MPEG4} -c:a aac -disposition:v:0 0 -disposition:v:1 default -disposition:v:2 default second.mkv`,
  );
  await media.make(
    `${inputs} ${map} ${MPEG4} -disposition:v:0 0 -disposition:v:1 0 -disposition:v:2 default third.mp4`,
  );
  await media.make(`${inputs} ${map} ${MPEG4} -disposition:v 0 none.mkv`);
  await media.make(`${inputs} ${map} ${MPEG4} -f mpegts several.ts`);
  await media.make(`${counting({ rate: 5, seconds: 1, size: '96x64' })} ${MPEG4} one.mp4`);
  await media.make(`-i one.mp4 -frames:v 1 -update 1 -f image2 cover.jpg`);
  await media.make(`-i cover.jpg -i one.mp4 -map 0 -map 1 -c copy -disposition:v:0 attached_pic covered.mp4`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

const track = (path: string, videoTrack?: number): SourceInput =>
  videoTrack === undefined ? { type: 'file', path } : { type: 'file', path, videoTrack };

test.each([
  ['second.mkv', undefined, '64x96'],
  ['third.mp4', undefined, '128x64'],
  ['none.mkv', undefined, '96x64'],
  ['several.ts', undefined, '96x64'],
  ['covered.mp4', undefined, '96x64'],
  ['second.mkv', 1, '96x64'],
  ['second.mkv', 3, '128x64'],
  ['several.ts', 2, '64x96'],
  ['covered.mp4', 1, '96x64'],
])('of %s, asked for track %s, that of %s is read', async (name, asked, size) => {
  const { width, height } = await ingest.probe(track(name, asked), never);
  const frames = await read(ingest, track(name, asked), { frameRate: 5 });
  expect(`${width}x${height}`).toBe(size);
  expect(frames.map((frame) => `${frame.width}x${frame.height}`)).toEqual(Array(5).fill(size));
});

test('a track that is not there is refused with those that are', async () => {
  const expected = {
    code: 'BAD_INPUT',
    message:
      '"second.mkv" has 3 video tracks and no number 4; choose one of: 1 (mpeg4, 96x64), 2 (mpeg4, 64x96, the default), 3 (mpeg4, 128x64, the default).',
  };
  expect(await refusal(ingest.probe(track('second.mkv', 4), never))).toEqual(expected);
  expect(await refusal(read(ingest, track('second.mkv', 4)))).toEqual(expected);
  const { message } = await refusal(read(ingest, track('covered.mp4', 2)));
  expect(message).toContain('has one video track and no number 2; choose one of: 1 (mpeg4, 96x64');
});
