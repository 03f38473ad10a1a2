/** Sources whose pictures change their size, shape or format on the way: recordings put together, cameras that renegotiate. */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { file, ingestAt, read, refusal, risesAlways, times, url } from './harness.ts';
import { counting, ffmpeg, frameNumber, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, serve } from './servers.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  for (const size of ['640x360', '320x180', '96x160', '1280x720'])
    for (const at of [0, 1, 2])
      await media.make(
        `${counting({ rate: 25, seconds: 1, size })} ${MPEG4} -output_ts_offset ${at} -f mpegts ${size}-${at}.ts`,
      );
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** Puts files together. @returns the name of the whole */
async function joined(name: string, parts: readonly string[]): Promise<string> {
  await writeFile(
    media.at(name),
    Buffer.concat(await Promise.all(parts.map((part) => readFile(media.at(part))))),
  );
  return name;
}

/** Seconds of the same length, one after the other, in these sizes. */
const inSizes = (...sizes: string[]) =>
  joined(
    `${sizes.join('+')}.ts`,
    sizes.map((size, i) => `${size}-${i}.ts`),
  );

/** Fifty JPEG pictures in one file, which has no clock of its own. @param filter for each of them, by its number */
async function pictures(name: string, filter: (i: number) => string): Promise<string> {
  const names = Array.from({ length: 50 }, (_, i) => `${name}-${i}.jpg`);
  const outputs = names.map(
    (jpeg, i) =>
      `-map 0 -vf select=eq(n\\,${i}),${filter(i)} -frames:v 1 -c:v mjpeg -strict unofficial -q:v 1 -f image2 -update 1 ${jpeg}`,
  );
  await media.make(`${counting({ rate: 25, size: '96x96' })} ${outputs.join(' ')}`);
  return joined(name, names);
}

const sizesOf = (frames: Frame[]) => frames.map(({ width, height }) => `${width}x${height}`);

/** How far the pixels of a frame lie apart: `counting` paints each frame in one shade. */
function spread({ pixels }: Frame): number {
  const sorted = Uint8Array.from(pixels).sort();
  return sorted.at(-1)! - sorted[0]!;
}

/** Each frame is one picture, of its own size, and the one that its time says. */
function expectWhole(frames: Frame[], rate = 25): void {
  for (const frame of frames) {
    expect(frame.pixels).toHaveLength(frame.width * frame.height);
    expect(spread(frame)).toBeLessThan(6);
    const number = Math.round(frameNumber(frame.pixels));
    expect(Math.abs(number - ((frame.mediaTime + 0.001) % 1) * rate)).toBeLessThan(0.6);
  }
  expect(risesAlways(frames)).toBe(true);
}

const programs: [string, string | undefined][] = [['the ffmpeg that is installed', undefined]];
try {
  const bundled: { path: string } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg');
  if (!ffmpeg.bundled) programs.push(['the ffmpeg that npm brings', bundled.path]);
} catch {
  console.warn('SKIPPED: the ffmpeg that npm brings, which is not here');
}

describe.each(programs)('with %s', (_, ffmpegPath) => {
  let own: ReturnType<typeof ingestAt>;
  beforeAll(() => {
    own = ffmpegPath ? ingestAt(media.path, { ffmpegPath }) : ingest;
  });
  afterAll(async () => {
    if (own !== ingest) await own.close();
  });

  test.each([
    ['smaller', ['640x360', '320x180']],
    ['larger', ['320x180', '640x360']],
    ['upright', ['640x360', '96x160']],
    ['larger, back, and upright', ['320x180', '640x360', '96x160']],
    ['smaller than it is scaled down to', ['1280x720', '320x180', '1280x720']],
  ])('pictures that become %s are each given at their own size', async (__, sizes) => {
    const frames = await read(own, file(await inSizes(...sizes)), { frameRate: 25 });
    const given = sizes.map((size) => (size === '1280x720' ? '640x360' : size));
    expect(sizesOf(frames)).toEqual(given.flatMap((size) => Array(25).fill(size)));
    const sources = frames.map(({ source }) => `${source?.width}x${source?.height}`);
    expect(sources).toEqual(sizes.flatMap((size) => Array(25).fill(size)));
    expectWhole(frames);
  });

  test('the size of a looped recording changes back where it starts again', async () => {
    const name = await inSizes('640x360', '320x180');
    const frames = await read(own, file(name), { frameRate: 5, loop: true, limit: 25 });
    const round = [...Array(5).fill('640x360'), ...Array(5).fill('320x180')];
    expect(sizesOf(frames)).toEqual([...round, ...round, ...round.slice(0, 5)]);
    expect(frames.every((frame) => spread(frame) < 6)).toBe(true);
  });

  test('pictures that change their size with each frame come no faster than they were asked for', async () => {
    const name = await pictures('mixed.mjpeg', (i) => `scale=${i % 2 ? '160x96' : '96x160'},setsar=1`);
    const numbers = Array.from({ length: 50 }, (__, i) => i);
    const all = await read(own, file(name), { frameRate: 25 });
    expect(sizesOf(all)).toEqual(numbers.map((i) => (i % 2 ? '160x96' : '96x160')));
    expect(all.map(({ pixels }) => Math.round(frameNumber(pixels)))).toEqual(numbers);
    const some = await read(own, file(name), { frameRate: 5 });
    expect(times(some)).toEqual(Array.from({ length: 10 }, (__, i) => i * 200));
    expect(some.map(({ pixels }) => Math.round(frameNumber(pixels)))).toEqual(
      times(some).map((time) => time / 40),
    );
  });

  test('pictures whose format changes keep their shades', async () => {
    const formats = ['yuvj420p', 'yuvj444p', 'yuvj422p', 'gray'];
    const name = await pictures('formats.mjpeg', (i) => `format=${formats[i % 4]}`);
    const frames = await read(own, file(name), { frameRate: 25 });
    expect(frames.map(({ pixels }) => Math.round(frameNumber(pixels)))).toEqual(
      Array.from({ length: 50 }, (__, i) => i),
    );
  });
});

test.skipIf(!ffmpeg.hasNoAutoscale)(
  'pixels that become less square change the shape of the picture',
  async () => {
    for (const [i, sar] of ['1', '2', '1/2'].entries())
      await media.make(
        `${counting({ rate: 25, seconds: 1 })},setsar=${sar} ${MPEG4} -output_ts_offset ${i} -f mpegts sar${i}.ts`,
      );
    const name = await joined('sar.ts', ['sar0.ts', 'sar1.ts', 'sar2.ts']);
    const frames = await read(ingest, file(name), { frameRate: 25 });
    expect(sizesOf(frames)).toEqual(['320x180', '320x90', '160x180'].flatMap((size) => Array(25).fill(size)));
    expectWhole(frames);
  },
);

test('where pictures become larger than allowed, the recording is told to be read to there', async () => {
  const small = ingestAt(media.path, { maxPixels: 300_000 });
  const { code, message } = await refusal(read(small, file(await inSizes('640x360', '1280x720'))));
  await small.close();
  expect(code).toBe('SOURCE_FAILED');
  expect(message).toContain('more than 300000 pixels');
});

test.skipIf(!hasNetworkFfmpeg)('pictures of HLS change their size at a discontinuity', async () => {
  const segments = ['640x360-0.ts', '320x180-0.ts', '96x160-0.ts'];
  const list = segments.flatMap((name, i) => [
    ...(i > 0 ? ['#EXT-X-DISCONTINUITY'] : []),
    '#EXTINF:1.0,',
    name,
  ]);
  await writeFile(
    media.at('list.m3u8'),
    ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:1', ...list, '#EXT-X-ENDLIST', ''].join('\n'),
  );
  const server = await serve(files(media.path));
  const local = ingestAt(media.path, { allowPrivateSources: true });
  const frames = await read(local, url(`http://127.0.0.1:${server.port}/list.m3u8`), { frameRate: 25 });
  await local.close();
  await server.close();
  expect(sizesOf(frames)).toEqual(['640x360', '320x180', '96x160'].flatMap((size) => Array(25).fill(size)));
  expectWhole(frames);
});
