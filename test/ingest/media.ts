/** Small videos that the tests make for themselves, with the ffmpeg that mien would use. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FfmpegProgram, findFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-path.ts';

const run = promisify(execFile);

export const ffmpeg: FfmpegProgram = await findFfmpeg(process.env.FFMPEG_PATH);
/** Network sources need a current ffmpeg; without one their tests are left out, and say so. */
export const hasNetworkFfmpeg = !ffmpeg.bundled;
if (!hasNetworkFfmpeg)
  console.warn('SKIPPED: tests of network sources, because only the bundled ffmpeg is here');

export interface MediaDir {
  path: string;
  at(name: string): string;
  /** Runs ffmpeg in the directory; its arguments hold no spaces. */
  make(args: string): Promise<void>;
  remove(): Promise<void>;
}

export async function mediaDir(): Promise<MediaDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'mien-ingest-')));
  return {
    path,
    at: (name) => join(path, name),
    make: async (args) => {
      const all = ['-nostdin', '-v', 'error', '-y', ...args.trim().split(/\s+/)];
      await run(ffmpeg.path, all, { cwd: path });
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** ffmpeg's input for a clip whose luma tells the frame's number: see `frameNumber`. */
export function counting({ rate = 30, seconds = 2, size = '320x180' } = {}): string {
  // Painted small, because that is done pixel by pixel.
  const painted = `color=c=black:s=16x16:r=${rate}:d=${seconds},format=yuv420p,geq=lum='16+2*mod(N,100)':cb=128:cr=128`;
  return `-f lavfi -i ${painted},scale=size=${size}:flags=neighbor,setsar=1`;
}
export const MPEG4 = '-c:v mpeg4 -q:v 2 -g 15';
/** Keeps a variable frame rate, as this ffmpeg spells it. */
export const VARIABLE = ffmpeg.hasFpsMode ? '-fps_mode vfr' : '-vsync vfr';

/** The frame's number, modulo 100, as `counting` painted it. */
export function frameNumber(pixels: Uint8Array): number {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return (mean * 219) / 255 / 2;
}

/** Turns an MP4 clip as a phone does: by the matrix in its track header. */
export async function rotate90(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000].forEach((value, i) => {
    bytes.writeInt32BE(value, matrix + 4 * i);
  });
  await writeFile(to, bytes);
}
