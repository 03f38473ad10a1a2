/** Subtitles drawn into a recording: each frame has those of its own moment, however long it is and wherever its time begins. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { assFormat } from '../../src/tables/ass-rows.ts';
import { assRectangle, assTime } from '../../src/tables/ass-text.ts';
import { file, ingestAt, never, read } from './harness.ts';
import { ffmpeg, type MediaDir, mediaDir } from './media.ts';

vi.setConfig({ testTimeout: 120_000 });

const SIZE = { width: 128, height: 64 };
const BANDS = 8;
const TIME_SCALE = 10;

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** Of each moment a white band, the next one beside it. */
function subtitlesOf(times: readonly number[], last: number): string {
  const width = SIZE.width / BANDS;
  const events = times.map((time, n) => {
    const [begin, end] = [time, times[n + 1] ?? time + last].map((at) => assTime(at * TIME_SCALE));
    const left = (n % BANDS) * width;
    const band = assRectangle(left, 0, left + width, SIZE.height / 2);
    return `Dialogue: 0,${begin},${end},Drawing,,0,0,0,,{\\pos(0,0)\\p1}{\\1c&HFFFFFF&}${band}{\\p0}\n`;
  });
  return assFormat(TIME_SCALE).begin('bands', SIZE) + events.join('');
}

/** Which bands each frame has. */
async function bandsIn(path: string): Promise<number[][]> {
  const args = [
    '-v',
    'error',
    '-i',
    path,
    '-map',
    '0:v',
    '-vsync',
    '0',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
    '-',
  ];
  const { stdout } = await promisify(execFile)(ffmpeg.path, args, { encoding: 'buffer', maxBuffer: 1 << 28 });
  const bytes = SIZE.width * SIZE.height;
  return Array.from({ length: stdout.length / bytes }, (_, n) => {
    const row = stdout.subarray(n * bytes + (SIZE.height / 4) * SIZE.width, (n + 1) * bytes);
    return Array.from({ length: BANDS }, (_, band) => band).filter(
      (band) => row[(band + 0.5) * (SIZE.width / BANDS)]! > 128,
    );
  });
}

const black = (rate: number, seconds: number) =>
  `-f lavfi -i color=black:s=${SIZE.width}x${SIZE.height}:r=${rate}:d=${seconds}`;
const tone = (seconds: number) => `-f lavfi -i sine=440:d=${seconds}`;

test.each([
  // Of these times some are not what they are to a computer: 128.2 s is a hair before it.
  ['long.mp4', 25, 27, `${black(25, 27)} -c:v mpeg4`],
  ['ntsc.mov', 30, 4, `-f lavfi -i color=black:s=128x64:r=30000/1001:d=4 -c:v mpeg4`],
  // Sound comes first, or pictures before they are shown.
  ['late.mkv', 30, 2, `${tone(3)} -itsoffset 0.7 ${black(30, 2)} -map 1:v -map 0:a -c:v mpeg4 -c:a aac`],
  ['late.mp4', 30, 2, `${tone(3)} -itsoffset 0.7 ${black(30, 2)} -map 1:v -map 0:a -c:v mpeg4 -c:a aac`],
  [
    'late.ts',
    25,
    2,
    `${tone(3)} -itsoffset 0.7 ${black(25, 2)} -map 1:v -map 0:a -c:v mpeg2video -bf 2 -c:a mp2`,
  ],
  ['early.ts', 25, 2, `${black(25, 2)} ${tone(3)} -c:v mpeg2video -bf 2 -c:a mp2`],
])('each frame of %s has what was said of it', async (name, rate, seconds, made) => {
  await media.make(`${made} ${name}`);
  const frames = await read(ingest, file(name), { frameRate: 100 });
  expect(frames.length).toBeGreaterThan(rate * seconds - 3);
  const subtitles = media.at(`${name}.ass`);
  const times = frames.map(({ mediaTime }) => mediaTime);
  await writeFile(subtitles, subtitlesOf(times, 1 / rate));
  const drawing = await ingest.openDrawing(file(name), never);
  expect(drawing.size).toEqual(SIZE);
  const out = media.at(`${name}.drawn.mp4`);
  await drawing.draw({
    subtitles,
    timeScale: TIME_SCALE,
    out,
    container: 'mp4',
    onTime() {},
  });
  const drawn = await bandsIn(out);
  const wrong = drawn.flatMap((bands, n) =>
    bands.length === 1 && bands[0] === n % BANDS ? [] : [[n, ...bands]],
  );
  expect([wrong, drawn.length]).toEqual([[], frames.length]);
});
