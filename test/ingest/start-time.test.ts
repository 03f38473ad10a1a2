/** Where media time begins: with the track that begins first, whatever the container. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { file, ingestAt, read, times, url } from './harness.ts';
import {
  counting,
  frameNumber,
  hasNetworkFfmpeg,
  type MediaDir,
  MPEG4,
  mediaDir,
  VARIABLE,
} from './media.ts';
import { files, serve } from './servers.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
const CODECS: Record<string, string> = {
  flv: '-c:v flv -q:v 2 -c:a aac',
  mpg: '-c:v mpeg2video -q:v 2 -c:a mp2',
};

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true });
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** A second of video that begins so many seconds after its sound. */
const late = (name: string, by: number, more = '') =>
  media.make(
    `-f lavfi -i sine=d=${by + 1} ${counting({ rate: 25, seconds: 1, size: '96x64' }).replace('-f lavfi', `-itsoffset ${by} -f lavfi`)} -map 1 -map 0 ${VARIABLE} ${CODECS[name.split('.')[1]!] ?? `${MPEG4} -c:a aac`} ${more} ${name}`,
  );

test.each(['ts', 'mp4', 'mkv', 'mov', 'flv', 'mpg'])(
  'video that begins 3 s after its sound begins at 3 s in %s',
  async (type) => {
    await late(`late.${type}`, 3, type === 'mpg' ? '-muxpreload 0' : '');
    const frames = await read(ingest, file(`late.${type}`), { frameRate: 25 });
    expect(frames).toHaveLength(25);
    // Sound has a run-up, and containers round; ffmpeg's MPEG program streams forget most of the time before.
    if (type !== 'mpg') expect(Math.abs(frames[0]!.mediaTime - 3)).toBeLessThan(0.03);
    for (const { mediaTime, pixels } of frames)
      expect(Math.abs((mediaTime - frames[0]!.mediaTime) * 25 - frameNumber(pixels))).toBeLessThan(0.6);
  },
);

test.each([
  ['mkv', MPEG4],
  ['mp4', MPEG4],
  ['mov', MPEG4],
  ['wmv', '-c:v wmv2 -q:v 2'],
  ['flv', '-c:v flv -q:v 2'],
  ['ts', MPEG4],
])('a %s file of two seconds whose clock begins at 10 s is two seconds long', async (type, codec) => {
  const name = `begins-at-ten.${type}`;
  await media.make(
    `${counting({ rate: 25, seconds: 2, size: '96x64' })} ${codec} -bf 0 -output_ts_offset 10 ${name}`,
  );
  const info = await ingest.probe(file(name), AbortSignal.timeout(60_000));
  expect(Math.abs(info.duration! - 2)).toBeLessThan(0.1);
});

test.each([
  ['a transport stream that begins in the middle of its clock', '-output_ts_offset 1000', 'ts'],
  ['a transport stream whose clock is about to begin anew', '-output_ts_offset 95440', 'ts'],
  ['a Matroska file that begins later', '-output_ts_offset 7', 'mkv'],
  ['an MP4 file that begins later', '-output_ts_offset 7', 'mp4'],
  ['an MP4 file of frames that are told in another order', '-bf 2', 'mp4'],
])('%s begins at 0', async (name, options, type) => {
  const path = `${name.replaceAll(' ', '-')}.${type}`;
  await media.make(`${counting({ rate: 25, seconds: 5, size: '96x64' })} ${MPEG4} ${options} ${path}`);
  const got = times(await read(ingest, file(path), { frameRate: 5 }));
  expect(got).toHaveLength(25);
  for (const [i, time] of got.entries()) expect(Math.abs(time - i * 200)).toBeLessThan(2);
});

test('sound that begins before 0, because its decoder needs a run-up, does not put the video off', async () => {
  await media.make(
    `-f lavfi -i sine=d=1 ${counting({ rate: 25, seconds: 1, size: '96x64' })} -map 1 -map 0 ${MPEG4} -c:a libopus early.mkv`,
  );
  // ffmpeg has put the video 7 ms later, so that nothing in the file is before 0.
  expect(times(await read(ingest, file('early.mkv'), { frameRate: 5 }))).toEqual([7, 207, 407, 607, 807]);
});

test('a recording is told to be read to where it is by its own time', async () => {
  await late('cut.ts', 3);
  const info = await ingest.probe(file('cut.ts'), new AbortController().signal);
  const frames = await read(ingest, file('cut.ts'), { frameRate: 25 });
  expect(Math.abs(frames.at(-1)!.mediaTime + 0.04 - info.duration!)).toBeLessThan(0.1);
});

test.skipIf(!hasNetworkFfmpeg)(
  'video that begins after its sound begins so by HTTP, and in HLS',
  async () => {
    await late('over.ts', 3);
    await media.make(
      '-i over.ts -c copy -f hls -hls_time 10 -hls_playlist_type vod -start_at_zero -copyts list.m3u8',
    );
    const server = await serve(files(media.path));
    for (const name of ['over.ts', 'list.m3u8']) {
      const [first] = await read(ingest, url(`http://127.0.0.1:${server.port}/${name}`), { limit: 1 });
      expect(Math.abs(first!.mediaTime - 3), name).toBeLessThan(0.03);
    }
    await server.close();
  },
);
