/** `mien analyze --video`: what is drawn lies where the face is, frame for frame, and nothing else of the recording is lost. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-path.ts';
import { until } from '../api/harness.ts';
import { program } from '../helpers/program.ts';
import { run, start, type Workplace, workplace } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const WIDTH = 320;
const HEIGHT = 240;
const FRAMES = 20;
const { path: ffmpegPath } = await findFfmpeg(process.env.FFMPEG_PATH);

let place: Workplace;
let clip: string;
beforeAll(async () => {
  place = await workplace();
  clip = await moving('clip.mp4', 30, ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'aac']);
});
afterAll(() => place.dispose());

const at = (name: string) => join(place.directory, name);
const mien = (...args: string[]) => run(['analyze', ...args], place.env);

/** A white square that goes to the right by 4 px a frame, and a tone. */
async function moving(name: string, frameRate: number, codecs: string[], seconds = 1): Promise<string> {
  const picture = `color=black:s=${WIDTH}x${HEIGHT}:r=${frameRate}:d=${seconds}[ground];color=white:s=80x80:r=${frameRate}:d=${seconds}[square];[ground][square]overlay=x='20+4*n':y=60[out0];sine=440:d=${seconds}[out1]`;
  await place.ffmpeg('-f', 'lavfi', '-i', picture, ...codecs, at(name));
  return at(name);
}

async function ffmpeg(...args: string[]): Promise<{ stdout: Buffer; stderr: string }> {
  const options = { encoding: 'buffer' as const, maxBuffer: 1 << 28 };
  const { stdout, stderr } = await promisify(execFile)(
    ffmpegPath,
    ['-hide_banner', '-nostdin', ...args],
    options,
  );
  return { stdout, stderr: stderr.toString() };
}

/** Each picture as it is shown, in RGB. */
async function picturesOf(path: string): Promise<Buffer[]> {
  const { stdout } = await ffmpeg(
    '-i',
    path,
    '-vsync',
    '0',
    '-map',
    '0:v',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  );
  const size = WIDTH * HEIGHT * 3;
  return Array.from({ length: stdout.length / size }, (_, n) => stdout.subarray(n * size, (n + 1) * size));
}

/** When each picture, or piece of sound, is shown, in seconds. */
async function timesOf(path: string, stream: 'v' | 'a'): Promise<number[]> {
  const { stdout } = await ffmpeg('-i', path, '-map', `0:${stream}`, '-c', 'copy', '-f', 'framecrc', '-');
  const lines = stdout.toString().split('\n');
  const [, top = 1, bottom = 1] = lines
    .find((line) => line.startsWith('#tb'))!
    .match(/(\d+)\/(\d+)/)!
    .map(Number);
  const stamps = lines.filter((line) => /^\d/.test(line)).map((line) => Number(line.split(',')[2]));
  return stamps.map((stamp) => (stamp * top) / bottom).sort((one, other) => one - other);
}

/** Happiness is drawn in a yellow that has little blue, on white and on black. */
function isDrawn(picture: Buffer, x: number, y: number): boolean {
  const [red = 0, , blue = 0] = picture.subarray((y * WIDTH + x) * 3);
  return red > 150 && blue < 150;
}

/** Where the square begins, in pixels. */
function squareIn(picture: Buffer): number {
  return Array.from({ length: WIDTH }, (_, x) => picture[(100 * WIDTH + x) * 3]!).findIndex(
    (red) => red > 128,
  );
}

/** But what runs the sources as they are. */
const leftIn = async (directory: string) =>
  (await readdir(directory)).filter((name) => !name.startsWith('tsx-'));

interface DrawnRow {
  mediaTime: number;
  frameWidth: number;
  box: [number, number, number, number];
}

test.each([
  ['sound.mp4', 30, ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'aac']],
  ['offset.ts', 25, ['-c:v', 'mpeg2video', '-q:v', '2', '-bf', '2', '-c:a', 'mp2']],
  ['fast.mkv', 200, ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'pcm_s16le']],
])(
  'each frame of %s has the box of its own moment, the square lies in it, and the sound is in step',
  async (name, rate, codecs) => {
    const source = await moving(name, rate, codecs, FRAMES / rate);
    const [out, rows] = [at(`${name}-drawn.mp4`), at(`${name}.jsonl`)];
    const { code, stderr } = await mien('--video', out, '--out', rows, '--rate', String(rate), source);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const found: DrawnRow[] = (await readFile(rows, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [originals, pictures] = (await Promise.all([source, out].map(picturesOf))) as [Buffer[], Buffer[]];
    expect([found, originals, pictures].map(({ length }) => length)).toEqual([FRAMES, FRAMES, FRAMES]);
    for (const [n, { box }] of found.entries()) {
      const [left, top, right] = [box[0] * WIDTH, box[1] * HEIGHT, (box[0] + box[2]) * WIDTH].map(
        Math.round,
      ) as [number, number, number];
      const drawnNear = (x: number) => [-1, 0, 1].some((aside) => isDrawn(pictures[n]!, x + aside, top + 40));
      // A frame before or behind, it is 4 px aside.
      expect(Math.abs(left - squareIn(originals[n]!))).toBeLessThanOrEqual(2);
      expect([left, left + 41, right - 1].map(drawnNear)).toEqual([true, false, true]);
    }
    const [before, after] = await Promise.all(
      [source, out].map(async (path) => ({
        video: await timesOf(path, 'v'),
        sound: await timesOf(path, 'a'),
      })),
    );
    const inStep = ({ video, sound }: typeof before & object) => video[0]! - Math.max(0, sound[0]!);
    expect(after!.video.at(-1)! - after!.video[0]!).toBeCloseTo(before!.video.at(-1)! - before!.video[0]!, 2);
    expect(Math.abs(inStep(after!) - inStep(before!))).toBeLessThan(0.03);
  },
);

test('sound that the container holds is the same bytes; other is encoded', async () => {
  const wav = await moving('wav.mkv', 10, ['-c:v', 'mpeg4', '-c:a', 'pcm_s16le']);
  const soundOf = async (path: string) =>
    (await ffmpeg('-i', path, '-map', '0:a', '-c', 'copy', '-f', 'md5', '-')).stdout.toString();
  const drawn = async (from: string, to: string) => {
    expect(await mien('--video', at(to), from, '--rate', '2')).toMatchObject({ code: 0, stdout: '' });
    return at(to);
  };
  expect(await soundOf(await drawn(clip, 'same.mp4'))).toBe(await soundOf(clip));
  expect(await soundOf(await drawn(wav, 'same.mkv'))).toBe(await soundOf(wav));
  expect((await ffmpeg('-i', await drawn(wav, 'other.mp4'), '-f', 'null', '-')).stderr).toMatch(/Audio: aac/);
});

test('names that ffmpeg, its filters or the subtitles would read as something else are names', async () => {
  const directory = at("a'b:c[d],{e};f\\g%03d=\n#h");
  const temporary = join(directory, "t'm:p,[x];\\y");
  await mkdir(temporary, { recursive: true });
  const source = join(directory, 'in\nDialogue: 0,0,9,Label,,0,0,0,,x{\\p1}.mp4');
  await copyFile(clip, source);
  const out = join(directory, "-out'[1].mp4");
  const { code, stderr } = await run(['analyze', '--video', out, source], {
    ...place.env,
    TMPDIR: temporary,
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await picturesOf(out)).toHaveLength(30);
  expect(await leftIn(temporary)).toEqual([]);
  expect((await readdir(directory)).filter((name) => name.includes('partial'))).toEqual([]);
});

test('the subtitles alone are what ffmpeg reads again, event for event, with the times of the rows', async () => {
  const { stdout, code } = await mien('--format', 'ass', clip);
  const file = await place.write('faces.ass', stdout);
  expect(code).toBe(0);
  const rows: DrawnRow[] = (await mien(clip)).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const read = (await ffmpeg('-i', file, '-c', 'copy', '-f', 'ass', '-')).stdout.toString();
  const eventsOf = (text: string) =>
    text
      .split(/\r?\n/)
      .filter((line) => line.startsWith('Dialogue: '))
      .sort();
  expect(eventsOf(read)).toEqual(eventsOf(stdout));
  const boxes = eventsOf(stdout).filter((line) => line.startsWith('Dialogue: 1,'));
  expect(boxes).toHaveLength(rows.length);
  for (const [n, { mediaTime }] of rows.entries()) {
    const [, minutes = 0, seconds = 0] = boxes[n]!.split(',')[1]!.split(':').map(Number);
    expect(mediaTime - (60 * minutes + seconds)).toBeGreaterThanOrEqual(-1e-9);
    expect(mediaTime - (60 * minutes + seconds)).toBeLessThan(0.01);
  }
});

test('nothing is overwritten unasked, and no input at all', async () => {
  const [there, link] = [await place.write('there.mp4', 'a film'), clip];
  expect(await mien('--video', there, clip)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      `--video ${there} exists already: name another file, or add --force to overwrite it.`,
    ),
  });
  expect(await readFile(there, 'utf8')).toBe('a film');
  const before = await readFile(clip);
  expect(await mien('--video', link, '--force', clip)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('which the video would destroy'),
  });
  expect(await readFile(clip)).toEqual(before);
  expect(await mien('--video', there, '--force', clip)).toMatchObject({ code: 0 });
  expect(await picturesOf(there)).toHaveLength(30);
});

test.each([
  [['--video', 'out.constructor', 'CLIP'], /has to end in \.mp4, \.mov or \.mkv/],
  [['--video', 'out.avi', 'CLIP'], /has to end in \.mp4, \.mov or \.mkv/],
  [['--video', 'out.mp4', 'CLIP', 'CLIP'], /--video is for one video: analyze one input at a time/],
  [['--video', 'out.mp4', '--out-dir', 'results', 'CLIP'], /--out-dir is for many inputs/],
  [['--video', 'absent/out.mp4', 'CLIP'], /cannot be written to absent\/out\.mp4/],
  [['--format', 'ass', 'CLIP', 'CLIP'], /--format ass is for one video.*--out-dir/],
  [['--format', 'ass', '--columns', 'pyfeat', 'CLIP'], /leave --format ass out/],
  [['--format', 'ass', '--bom', 'CLIP'], /byte order mark is for CSV only/],
])('%j is refused with what to do', async (args, sentence) => {
  expect(await mien(...args.map((arg) => (arg === 'CLIP' ? clip : arg)))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(sentence),
  });
});

test('an ffmpeg without libass is told of before anything is analysed, and the subtitles are still to be had', async () => {
  const bare = at('ffmpeg-without-libass');
  await writeFile(
    bare,
    `#!/bin/sh\nif [ "$2" = -filters ]; then '${ffmpegPath}' "$@" | grep -v ' ass '; exit; fi\nexec '${ffmpegPath}' "$@"\n`,
  );
  await chmod(bare, 0o755);
  const env = { ...place.env, FFMPEG_PATH: bare };
  const { code, stderr } = await run(['analyze', '--video', at('never.mp4'), clip], env);
  expect(stderr).toMatch(/built without libass, which draws .*--format ass/);
  expect(code).not.toBe(0);
  await expect(stat(at('never.mp4'))).rejects.toThrow('ENOENT');
  expect(await run(['analyze', '--format', 'ass', clip], env)).toMatchObject({ code: 0 });
});

test('a disk for temporary files that is full is told of, with what to do, and nothing is left', async () => {
  const temporary = at('full');
  await mkdir(temporary);
  const out = at('never.mp4');
  const long = await moving('three-seconds.mp4', 30, ['-c:v', 'mpeg4', '-q:v', '2'], 3);
  const command = [process.execPath, ...program(), 'analyze', '--video', out, '--rate', '30', long];
  // Of no file more than eight kilobytes; what a full disk says is another word.
  const failed = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -f 16; exec "$@"', 'sh', ...command], {
    env: { ...place.env, TMPDIR: temporary },
  }).catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /What is to be drawn cannot be written to .*: EFBIG.*\. Make room there, or set TMPDIR/,
    ),
  });
  expect(await leftIn(temporary)).toEqual([]);
  await expect(stat(out)).rejects.toThrow('ENOENT');
});

test('interrupted while it is drawn, it leaves nothing behind', async () => {
  const directory = at('interrupted');
  await mkdir(directory);
  const long = await moving('long.mp4', 10, ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'aac'], 3);
  // An ffmpeg that is slow to draw: it is at it when the signal comes.
  const slow = join(directory, 'ffmpeg');
  await writeFile(
    slow,
    `#!/bin/sh\ncase "$*" in *-progress*) exec '${ffmpegPath}' -re "$@";; esac\nexec '${ffmpegPath}' "$@"\n`,
  );
  await chmod(slow, 0o755);
  const out = join(directory, 'out.mp4');
  const running = start(['analyze', '--video', out, long], {
    ...place.env,
    FFMPEG_PATH: slow,
    TMPDIR: dirname(out),
  });
  await until(
    async () => (await readdir(directory)).some((name) => name.endsWith('.partial')),
    'it is being drawn',
  );
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130 });
  expect(await leftIn(directory)).toEqual(['ffmpeg']);
});
