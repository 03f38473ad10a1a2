/** Files made to make ffmpeg say what it should not: their text is in its log, line breaks and all. */
import { readFile, writeFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { createFfmpegLauncher } from '../../src/ingest/ffmpeg/ffmpeg-launcher.ts';
import { createFfmpegOutput, createNullOutput } from '../../src/ingest/frames/ffmpeg-output.ts';
import { file, ingestAt, never, open, read, refusal, times } from './harness.ts';
import { counting, ffmpeg, frameNumber, type MediaDir, MPEG4, mediaDir } from './media.ts';

const SEGMENT = Buffer.from('18538067', 'hex');

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
let honest: Frame[];
/** All that ffmpeg said. */
const said: string[] = [];

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { onLog: (line) => said.push(line) });
  await media.make(`${counting({ seconds: 1 })} ${MPEG4} clip.mkv`);
  honest = await read(ingest, file('clip.mkv'));
  expect(honest).toHaveLength(10);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** An element of EBML, the syntax of Matroska: its id, its length in four bytes, its content. */
function element(id: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(0x10000000 + content.length);
  return Buffer.concat([Buffer.from(id, 'hex'), length, content]);
}

/** The head of a Matroska file that names itself anything: ffmpeg then says "Unknown EBML doctype '…'", and reads on. */
const head = (doctype: string) => element('1a45dfa3', element('4282', Buffer.from(doctype)));

/** The clip, which names itself so. */
async function crafted(doctype: string, name = 'crafted.mkv'): Promise<string> {
  const clip = await readFile(media.at('clip.mkv'));
  await writeFile(media.at(name), Buffer.concat([head(doctype), clip.subarray(clip.indexOf(SEGMENT))]));
  return name;
}

const numbers = (frames: Frame[]) => frames.map(({ pixels }) => Math.round(frameNumber(pixels)));

async function opened(name: string): Promise<Frame[]> {
  const { frames } = await open(ingest, file(name));
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** As `showinfo` writes it, of a frame that there is not. */
const stamp = (filter: string, n: number, size: string) =>
  `[${filter} @ 0x1] n:   ${n} pts: 77000000 pts_time:77      pos:       48 fmt:gray sar:1/1 s:${size} i:P iskey:1 type:I `;

describe('a file whose text says what showinfo says', () => {
  const filters = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => `Parsed_showinfo_${index}`);
  const names = [...filters, 'showinfo@first', 'showinfo@frames', 'showinfo@first_', 'showinfo@frames_'];

  test.each([
    ['a picture without end', '999999x999999', 0],
    ['a picture larger than there is memory', '60000x60000', 0],
    ['a small picture', '8x8', 0],
    ['no picture', '0x0', 0],
    ['the right size', '320x180', 0],
    ['a later one', '320x180', 5],
  ])(
    'a file that forges showinfo lines of %s is decoded as the same file without them',
    async (_, size, n) => {
      said.length = 0;
      const name = await crafted(['x', ...names.map((filter) => stamp(filter, n, size)), ''].join('\n'));
      for (const frames of [await opened(name), await read(ingest, file(name))]) {
        expect(times(frames)).toEqual(times(honest));
        expect(numbers(frames)).toEqual(numbers(honest));
        expect(frames.every(({ width, height }) => width === 320 && height === 180)).toBe(true);
      }
      // ffmpeg has indeed said it: otherwise this would be no test.
      expect(said.filter((line) => line.includes(`s:${size}`)).length).toBeGreaterThanOrEqual(
        2 * names.length,
      );
    },
  );

  test('a file of forged showinfo lines, and nothing else, is no video', async () => {
    await writeFile(media.at('head.mkv'), head(`x\n${stamp('Parsed_showinfo_0', 0, '999999x999999')}\n`));
    expect((await refusal(open(ingest, file('head.mkv')))).code).toBe('SOURCE_NOT_VIDEO');
    expect((await refusal(ingest.probe(file('head.mkv'), never))).code).toBe('SOURCE_NOT_VIDEO');
  });
});

test.each([
  "Input #0, hls, from 'x':",
  '  Duration: 99999999999999999999:99:99.99, start: 0',
  `  Duration: ${'9'.repeat(400)}:00:00.00, start: 0`,
  `  Stream #0:0 -> #0:0 (${'x'.repeat(1000)} (native) -> rawvideo (native))`,
  '  Stream #0:0: Video\n  displaymatrix: rotation of 1.1.1 degrees',
  `  Stream #0:0: Video\n  displaymatrix: rotation of -${'9'.repeat(400)} degrees`,
])('what a file makes ffmpeg say of its input keeps within bounds: %s', async (line) => {
  const name = await crafted(`x\n${line}\n`);
  const info = await ingest.probe(file(name), never);
  expect(info).toMatchObject({ kind: 'file', live: false, width: 320, height: 180 });
  expect(info.duration ?? 0).toBeLessThan(1e10);
  expect(info.codec).toMatch(/^\w{1,64}$/);
  expect(info.rotation).toBeGreaterThanOrEqual(0);
  expect(info.rotation).toBeLessThan(360);
  expect(times(await opened(name))).toEqual(times(honest));
});

test.each([
  ['letters', 'a', 1],
  ['addresses', 'http://a@', 1],
  ['lines of letters', `${'a'.repeat(500)}\n`, 1],
  ['lines of refusals', `[hls,applehttp @ 0x1] ${'[hls'.repeat(400)}\n`, 1],
])('a file that makes ffmpeg print 64 kB of %s does not block the event loop', async (_, text) => {
  const name = await crafted(text.repeat(64_000 / text.length));
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  expect(await opened(name)).toHaveLength(10);
  await writeFile(media.at('long.mkv'), head(text.repeat(64_000 / text.length)));
  expect((await refusal(open(ingest, file('long.mkv')))).code).toBe('SOURCE_NOT_VIDEO');
  delay.disable();
  // Crowded machines have their own delays; a quadratic pattern takes half a minute.
  expect(delay.max / 1e9).toBeLessThan(5);
  expect(Math.max(...said.map(({ length }) => length))).toBeLessThanOrEqual(2048);
});

describe('what is thrown while a run is listened to', () => {
  const launch = (onLine: (line: string) => void, output = createNullOutput()) => {
    const launcher = createFfmpegLauncher();
    const args = {
      input: [],
      output: ['-f', 'rawvideo', ...['-listen', '1'].slice(0, output.protocol.listen ? 2 : 0)],
    };
    const run = launcher.start({
      ...{ ffmpegPath: ffmpeg.path, confine: [], url: media.at('clip.mkv'), args, sink: output, onLine },
      activeRuns: new Set(),
    });
    return run.done.finally(() => launcher.close());
  };

  test('what the reader of its log throws ends a run of ffmpeg, and not the process', async () => {
    const broke = new Error('cannot hear');
    const exit = await launch(() => {
      throw broke;
    });
    expect(exit.thrown).toEqual({ error: broke });
  });

  test.each([
    ['later', () => Promise.reject(new Error('cannot take'))],
    [
      'at once',
      () => {
        throw new Error('cannot take');
      },
    ],
  ])(
    'what the consumer of its frames throws %s ends a run of ffmpeg, and not the process',
    async (_, take) => {
      const exit = await launch(() => {}, createFfmpegOutput(take));
      expect(exit.thrown?.error).toMatchObject({ message: 'cannot take' });
    },
  );
});
