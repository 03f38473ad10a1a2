/** Frames that come with their colour: their luma is that of gray ones, to the byte, and the chroma is the source's own. */
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Frame, SourceInput } from '../../src/domain/frame.ts';
import { rgbOf } from '../../src/ingest/pictures/yuv-to-rgb.ts';
import { file, ingestAt, type Reading, read, refusal, url } from './harness.ts';
import { ffmpeg, type MediaDir, MPEG4, mediaDir, rotate90 } from './media.ts';
import { files, serve } from './servers.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

const view = (size: string) => `-f lavfi -i testsrc2=s=${size}:r=5:d=1`;
/** A second each of red, green and blue. */
const HUES = [
  [220, 30, 30],
  [30, 200, 30],
  [40, 40, 230],
] as const;
const hues = (size: string) =>
  `${HUES.map(([r, g, b]) => `-f lavfi -i color=c=0x${[r, g, b].map((value) => value.toString(16).padStart(2, '0')).join('')}:s=${size}:r=2:d=1`).join(' ')} -filter_complex [0][1][2]concat=n=3,format=gbrp`;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true });
  await Promise.all(
    [
      `${view('320x180')} ${MPEG4} limited.mp4`,
      `${view('322x242')} -vf crop=321:241:0:0:exact=1 -c:v ffv1 -pix_fmt yuv420p odd.mkv`,
      `${view('322x242')} -vf scale=321:241 -c:v mjpeg -pix_fmt yuvj422p -q:v 2 full.mkv`,
      `${view('1282x722')} -vf scale=1281:721 -c:v ffv1 -pix_fmt yuv444p large.mkv`,
      `${view('320x180')} -vf setsar=3/2 ${MPEG4} wide.mp4`,
      `${view('320x180')} -pix_fmt rgb24 -c:v png rgb.mov`,
      `${view('320x180')} -vf format=rgba,colorchannelmixer=aa=0.4 -frames:v 1 alpha.png`,
      `${view('160x90')} moving.gif`,
      `${view('320x180')} -vf format=gray -c:v ffv1 gray.mkv`,
      `${view('320x180')} -frames:v 1 -vf format=gray gray.png`,
      `${view('160x90')} -frames:v 1 -c:v mjpeg -pix_fmt yuvj420p -q:v 2 -f image2 -update 1 coloured.jpg`,
      `${view('320x180')} ${MPEG4} -f mpegts a.ts`,
      `${view('641x361')} ${MPEG4} -output_ts_offset 1 -f mpegts b.ts`,
      `${hues('320x180')},scale=out_color_matrix=bt601:out_range=tv,format=yuv444p -c:v ffv1 -colorspace smpte170m sd.mkv`,
      `${hues('1280x720')},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -c:v ffv1 -colorspace bt709 hd.mkv`,
      `${hues('1280x720')},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -c:v ffv1 untold.mkv`,
      `${hues('1280x720')} -c:v png hd.mov`,
      `${hues('640x360')},scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p -c:v ffv1 -colorspace bt2020nc wide-gamut.mkv`,
    ].map((made) => media.make(made)),
  );
  await rotate90(media.at('limited.mp4'), media.at('turned.mp4'));
  // ffmpeg writes none that is gray.
  const gray = await sharp(media.at('coloured.jpg')).toColourspace('b-w').jpeg().toBuffer();
  await writeFile(media.at('gray.jpg'), gray);
  await joined('sizes.ts', ['a.ts', 'b.ts']);
  await joined('fading.mjpeg', ['coloured.jpg', 'gray.jpg', 'coloured.jpg']);
  await joined('dawning.mjpeg', ['gray.jpg', 'coloured.jpg', 'gray.jpg']);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

async function joined(name: string, parts: readonly string[]): Promise<void> {
  const bytes = await Promise.all(parts.map((part) => readFile(media.at(part))));
  await writeFile(media.at(name), Buffer.concat(bytes));
}

const planeOf = ({ width, height }: Frame) => 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
/** Both ways, one after the other. */
async function bothWays(source: SourceInput, options: Reading = {}) {
  return {
    gray: await read(ingest, source, options),
    coloured: await read(ingest, source, { ...options, colour: true }),
  };
}

function expectSameLuma(gray: Frame[], coloured: Frame[]): void {
  expect(gray.length).toBeGreaterThan(0);
  const told = (frames: Frame[]) =>
    frames.map(({ width, height, mediaTime }) => ({ width, height, mediaTime }));
  expect(told(coloured)).toEqual(told(gray));
  const differ = gray.filter(({ pixels }, at) => Buffer.compare(pixels, coloured[at]!.pixels) !== 0);
  expect(differ.map(({ mediaTime }) => mediaTime)).toEqual([]);
  expect(gray.every(({ colour }) => colour === undefined)).toBe(true);
}

describe.runIf(ffmpeg.hasNoAutoscale)('the luma of coloured frames is that of gray ones, to the byte', () => {
  it.each([
    ['limited range', 'limited.mp4', {}],
    ['an odd size', 'odd.mkv', {}],
    ['full range, at an odd size', 'full.mkv', {}],
    ['made smaller', 'large.mkv', {}],
    ['as large as it is, at an odd size', 'large.mkv', { detectSize: 'FULL' }],
    ['pixels that are not square', 'wide.mp4', {}],
    ['a phone that was turned', 'turned.mp4', {}],
    ['red, green and blue', 'rgb.mov', {}],
    ['alpha', 'alpha.png', {}],
    ['an animated GIF', 'moving.gif', {}],
    ['pictures that change their size', 'sizes.ts', {}],
    ['a loop', 'limited.mp4', { loop: true, limit: 12 }],
  ] as const)('%s', async (_, name, options) => {
    const { gray, coloured } = await bothWays(file(name), options);
    expectSameLuma(gray, coloured);
    for (const frame of coloured) {
      expect(frame.colour!.chroma.length).toBe(planeOf(frame));
      // It is no copy: both go with the frame.
      expect(frame.colour!.chroma.buffer === frame.pixels.buffer).toBe(true);
      expect(new Set(frame.colour!.chroma).size).toBeGreaterThan(8);
    }
  });

  it.each([
    ['loses its colour, which is then without one', 'fading.mjpeg', [true, true, true]],
    ['gets colour later, which is left out', 'dawning.mjpeg', [false, false, false]],
  ])('a source that %s', async (_, name, hasColour) => {
    const { gray, coloured } = await bothWays(file(name), { frameRate: 25 });
    expectSameLuma(gray, coloured);
    expect(coloured.map(({ colour }) => colour !== undefined)).toEqual(hasColour);
    if (hasColour[1]) expect(new Set(coloured[1]!.colour!.chroma)).toEqual(new Set([128]));
  });

  it('over HTTP, where the source is looked at first', async () => {
    const server = await serve(files(media.path));
    try {
      const { gray, coloured } = await bothWays(url(`http://127.0.0.1:${server.port}/limited.mp4`));
      expectSameLuma(gray, coloured);
      expect(coloured.every((frame) => frame.colour!.chroma.length === planeOf(frame))).toBe(true);
    } finally {
      await server.close();
    }
  });

  it('what is sent to mien', async () => {
    const source = { type: 'push', inlet: 'one' } as const;
    // That it is stopped after the first frame is told to its sender.
    const sent = refusal(ingest.inlets.send('one', createReadStream(media.at('a.ts'))));
    const [frame] = await read(ingest, source, { colour: true, limit: 1 });
    expect((await sent).code).toBe('CONFLICT');
    expect(frame!.colour!.chroma.length).toBe(planeOf(frame!));
  });

  it('at the pace of the clock', async () => {
    const frames = await read(ingest, file('limited.mp4'), { realtime: true, colour: true, limit: 3 });
    for (const frame of frames) expect(frame.colour!.chroma.length).toBe(planeOf(frame));
  });
});

describe('a source that is gray comes gray, without a byte more', () => {
  it.each(['gray.mkv', 'gray.png', 'gray.jpg'])('%s', async (name) => {
    const { gray, coloured } = await bothWays(file(name));
    expectSameLuma(gray, coloured);
    expect(
      coloured.every(({ colour, pixels }) => !colour && pixels.buffer.byteLength === pixels.length),
    ).toBe(true);
  });
});

/** Of the middle of a frame, as a screen would show it. */
function hueOf(frame: Frame): number[] {
  const { width, height, pixels: luma, colour } = frame;
  const { chroma, matrix } = colour!;
  const between = chroma.length / 2;
  const planes = { blueDifference: chroma.subarray(0, between), redDifference: chroma.subarray(between) };
  const at = 3 * (width * (height >> 1) + (width >> 1));
  return [...rgbOf({ width, height, luma, ...planes }, matrix).subarray(at, at + 3)];
}

describe.runIf(ffmpeg.hasNoAutoscale)('colours are those of the source, within what is rounded', () => {
  it.each([
    ['of standard definition', 'sd.mkv', 'bt601'],
    ['of high definition', 'hd.mkv', 'bt709'],
    ['of high definition that does not say so', 'untold.mkv', 'bt709'],
    ['red, green and blue, however large', 'hd.mov', 'bt601'],
    ['of a wide gamut', 'wide-gamut.mkv', 'bt2020'],
  ])('%s', async (_, name, matrix) => {
    const frames = await read(ingest, file(name), { frameRate: 1, colour: true, detectSize: 'LARGE' });
    expect(frames).toHaveLength(3);
    for (const [index, frame] of frames.entries()) {
      expect(frame.colour!.matrix).toBe(matrix);
      for (const [part, value] of hueOf(frame).entries())
        expect(
          Math.abs(value - HUES[index]![part]!),
          `${hueOf(frame)} of ${HUES[index]}`,
        ).toBeLessThanOrEqual(4);
    }
  });
});
