import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, never, open, read, refusal, risesAlways, times } from './harness.ts';
import { counting, frameNumber, type MediaDir, MPEG4, mediaDir, rotate90, VARIABLE } from './media.ts';

const TINY = ['1x1', '3x5', '641x1', '333x77'];
let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting()} ${MPEG4} clip.mp4
    -vf fps=4 ${MPEG4} slow.mp4
    -vf select='not(mod(n,7))+gt(n,40)' ${VARIABLE} ${MPEG4} variable.mkv
    -vf scale=1000:2000,setsar=1 -frames:v 1 ${MPEG4} tall.mp4
    -vf scale=360:288,setsar=16/11 -frames:v 1 ${MPEG4} wide.mkv
    -vf scale=7680:4320,setsar=1 -frames:v 1 -c:v mjpeg 8k.mkv
    -vf lutyuv=y=235:u=128:v=128 -frames:v 1 ${MPEG4} white.mp4
    -frames:v 1 -update 1 -c:v mjpeg -f image2 p.jpg -frames:v 1 -c:v png -f image2 p.png
    -frames:v 1 -c:v bmp -f image2 p.bmp
    ${TINY.map((size) => `-vf scale=${size},setsar=1,format=gray -frames:v 3 -c:v ffv1 ${size}.mkv`).join(' ')}`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

const probe = (name: string) => ingest.probe(file(name), never);

/** Each frame shows the moment that it says it is of; `clip.mp4` has 30 a second. */
function expectTruthful(frames: Frame[]): void {
  expect(risesAlways(frames)).toBe(true);
  for (const { pixels, mediaTime } of frames) {
    expect(Math.abs(frameNumber(pixels) - mediaTime * 30)).toBeLessThan(0.5);
  }
}

describe.concurrent('frames', () => {
  test.each([
    ['STANDARD', 'tall.mp4', [320, 640]],
    ['LARGE', 'tall.mp4', [640, 1280]],
    ['FULL', 'tall.mp4', [1000, 2000]],
    ['STANDARD', '8k.mkv', [640, 360]],
    ['LARGE', '8k.mkv', [1280, 720]],
    ['FULL', '8k.mkv', [7680, 4320]],
    // Pixels that are not square are made square, and nothing is made larger.
    ['FULL', 'wide.mkv', [360, 198]],
    ['LARGE', 'wide.mkv', [360, 198]],
  ] as const)('frames are as large as they are asked for: %s of %s', async (detectSize, name, size) => {
    const [frame] = await read(ingest, file(name), { detectSize, limit: 1 });
    expect([frame!.width, frame!.height]).toEqual(size);
    expect(frame!.pixels).toHaveLength(size[0] * size[1]);
  });

  test('frames come at the frame rate, with the source’s own timestamps and pixels of their own', async () => {
    const frames = await read(ingest, file('clip.mp4'), { frameRate: 10 });
    expect(times(frames)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
    expectTruthful(frames);
    for (const { pixels, width, height, dropped, wallTime } of frames) {
      expect([width, height]).toEqual([320, 180]);
      expect(pixels.buffer.byteLength).toBe(width * height);
      expect(dropped).toEqual({});
      expect(Math.abs(Date.now() - wallTime)).toBeLessThan(30_000);
    }
    expect(new Set(frames.map(({ pixels }) => pixels.buffer)).size).toBe(frames.length);
  });

  test('frames that are released as they come share a few buffers, and still show their own moment', async () => {
    const memory = new Set<ArrayBufferLike>();
    let count = 0;
    for await (const frame of decode(ingest, file('clip.mp4'), { frameRate: 30 })) {
      await new Promise((resolve) => setTimeout(resolve, count % 3));
      expectTruthful([frame]);
      memory.add(frame.pixels.buffer);
      count++;
      frame.release!();
      frame.release!(); // does no harm twice
    }
    expect(count).toBe(60);
    expect(memory.size).toBeLessThan(6);
  });

  test('at a frame rate that does not divide the source’s, the first frame of each interval comes', async () => {
    const frames = await read(ingest, file('clip.mp4'), { frameRate: 12.5 });
    expect(frames).toHaveLength(25);
    expectTruthful(frames);
    const late = frames.map(({ mediaTime }, i) => mediaTime - i / 12.5);
    expect(Math.min(...late)).toBeGreaterThan(-0.009);
    expect(Math.max(...late)).toBeLessThan(0.034);
  });

  test('a source that is slower than the frame rate gives each of its frames once', async () => {
    const frames = await read(ingest, file('slow.mp4'), { frameRate: 30 });
    expect(times(frames)).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750]);
  });

  test('frames come at a tiny frame rate too', async () => {
    expect(times(await read(ingest, file('clip.mp4'), { frameRate: 0.01 }))).toEqual([0]);
    expect(times(await read(ingest, file('clip.mp4'), { frameRate: 1 }))).toEqual([0, 1000]);
  });

  test('frames of a variable frame rate, in rounded timestamps, keep their times and are all there', async () => {
    const frames = await read(ingest, file('variable.mkv'), { frameRate: 30 });
    expect(frames).toHaveLength(25);
    expectTruthful(frames);
  });

  test('frames begin where the video does when the sound begins earlier', async () => {
    await media.make(`-f lavfi -i sine=d=2 -itsoffset 0.5 -i clip.mp4 -c:v copy -c:a pcm_s16le late.mkv`);
    const frames = await read(ingest, file('late.mkv'), { frameRate: 5 });
    expect(Math.abs(frames[0]!.mediaTime - 0.5)).toBeLessThan(0.01);
  });

  test('frames are scaled down to the longer side, never up, with square pixels', async () => {
    expect((await read(ingest, file('tall.mp4')))[0]).toMatchObject({ width: 320, height: 640 });
    expect((await read(ingest, file('wide.mkv')))[0]).toMatchObject({ width: 360, height: 198 });
    expect((await read(ingest, file('8k.mkv')))[0]).toMatchObject({ width: 640, height: 360 });
  });

  test.each(TINY)('frames of %s pixels are complete', async (size) => {
    const frames = await read(ingest, file(`${size}.mkv`), { frameRate: 30 });
    expect(frames).toHaveLength(3);
    const [width, height] = size.split('x').map((side) => Math.min(640, Number(side)));
    expect(frames[0]).toMatchObject({ width, height });
    expect(frames[2]!.pixels.length).toBe(width! * height!);
  });

  test('luma uses the whole range from black to white', async () => {
    const [frame] = await read(ingest, file('white.mp4'));
    expect(frame!.pixels.every((value) => value > 250)).toBe(true);
  });

  test('an upload is read by its token', async () => {
    await copyFile(media.at('clip.mp4'), media.at('a1b2-c3'));
    const source = { type: 'upload', token: 'a1b2-c3' } as const;
    expect(await ingest.probe(source, never)).toMatchObject({ kind: 'upload', live: false, width: 320 });
    expect(await read(ingest, source, { frameRate: 1 })).toHaveLength(2);
  });
});

describe.concurrent('a probe finds', () => {
  test('a probe finds what a clip is', async () => {
    expect(await probe('clip.mp4')).toEqual({
      kind: 'file',
      live: false,
      width: 320,
      height: 180,
      duration: 2,
      codec: 'mpeg4',
      frameRate: 30,
      rotation: 0,
    });
  });

  test('a probe finds how a phone’s video was turned, and its frames are upright', async () => {
    await rotate90(media.at('clip.mp4'), media.at('phone.mp4'));
    expect(await probe('phone.mp4')).toMatchObject({ width: 180, height: 320, rotation: 90 });
    const [frame] = await read(ingest, file('phone.mp4'), { limit: 1 });
    expect(frame).toMatchObject({ width: 180, height: 320 });
  });

  test.each(['jpg', 'png', 'bmp'])('a %s picture is a source of one frame', async (type) => {
    const name = `100%d of it.${type}`; // neither a series of pictures nor two arguments
    await copyFile(media.at(`p.${type}`), media.at(name));
    expect(await probe(name)).toMatchObject({
      kind: 'file',
      live: false,
      duration: null,
      width: 320,
      height: 180,
    });
    expect(times(await read(ingest, file(name)))).toEqual([0]);
  });

  test('a probe refuses more pixels than the bound, and says which that is', async () => {
    const small = ingestAt(media.path, { maxPixels: 1_000_000 });
    const { code, message } = await refusal(small.probe(file('8k.mkv'), never));
    expect(code).toBe('SOURCE_REFUSED');
    expect(message).toContain('1000000 pixels');
  });
});

describe.concurrent('a file that is opened', () => {
  test.each(['clip.mp4', 'slow.mp4', 'wide.mkv', '8k.mkv', '1x1.mkv', 'p.jpg'])(
    'opening %s finds what a probe finds, and gives its frames from the first to the last',
    async (name) => {
      const { info, frames } = await open(ingest, file(name));
      expect(info).toEqual(await probe(name));
      const all: Frame[] = [];
      for await (const frame of frames) all.push(frame);
      expect(times(all)[0]).toBe(0);
      expect(times(all).at(-1)).toBeGreaterThan((info.duration ?? 0) * 1000 - 300);
      expect(risesAlways(all)).toBe(true);
    },
  );

  test('a file that is opened waits until its frames are taken', async () => {
    const { frames } = await open(ingest, file('clip.mp4'), { frameRate: 30 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const all: Frame[] = [];
    for await (const frame of frames) all.push(frame);
    expectTruthful(all);
    expect(all).toHaveLength(60);
  });

  test('opening refuses more pixels than the bound, as a probe does', async () => {
    const small = ingestAt(media.path, { maxPixels: 1_000_000 });
    expect(await refusal(open(small, file('8k.mkv')))).toEqual(
      await refusal(small.probe(file('8k.mkv'), never)),
    );
  });
});

describe.concurrent('damaged video', () => {
  test('a damaged file gives what can be decoded of it, and is told to be read to there', async () => {
    await media.make(`-i clip.mp4 -c copy -bsf:v noise=amount=40 noisy.mp4
      -i clip.mp4 -c copy -movflags faststart front.mp4`);
    const whole = await readFile(media.at('front.mp4'));
    await writeFile(media.at('cut.mp4'), whole.subarray(0, whole.length * 0.6));
    const cut: Frame[] = [];
    const reading = async () => {
      const { frames } = await open(ingest, file('cut.mp4'), { frameRate: 30 });
      for await (const frame of frames) cut.push(frame);
    };
    const { code, message } = await refusal(reading());
    expect(code).toBe('SOURCE_FAILED');
    const [, told, all] = /is damaged: it could be read to (\d\.\d) s of (\d\.\d) s\.$/.exec(message) ?? [];
    expect(Number(told)).toBeCloseTo(cut.at(-1)!.mediaTime, 1);
    expect(all).toBe('2.0');
    expect(cut.length).toBeGreaterThan(10);
    expect(cut.length).toBeLessThan(60);
    const noisy = await read(ingest, file('noisy.mp4'), { frameRate: 30 });
    expect(noisy.length).toBeGreaterThan(0);
    expect(risesAlways(noisy)).toBe(true);
  });

  test('a file without its index is told to be cut off', async () => {
    const whole = await readFile(media.at('clip.mp4'));
    await writeFile(media.at('headless.mp4'), whole.subarray(0, whole.indexOf('moov') - 4));
    const { code, message } = await refusal(probe('headless.mp4'));
    expect(await refusal(open(ingest, file('headless.mp4')))).toEqual({ code, message });
    expect(code).toBe('SOURCE_NOT_VIDEO');
    expect(message).toContain('cut off');
  });
});
