/** Clips made of the demo by ffmpeg: H.264, 1280 x 720, 25 frames per second, with a known number of faces. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const DEMO = fileURLToPath(new URL('../../test/fixtures/demo.mp4', import.meta.url));
/** Seconds of the demo. */
const DEMO_SECONDS = 20;

const LEFT_FACE = '[0:v]crop=320:180:0:72,scale=1280:720';
const FILTERS = {
  one: LEFT_FACE,
  three: '[0:v]split[a][b];[b]crop=320:360:0:0[c];[a][c]hstack,scale=1280:480,pad=1280:720:0:120',
};

export interface Clips {
  /** Where they lie, with nothing else: may be a media directory. */
  dir: string;
  /** One face in 720p. */
  one: string;
  /** Three faces in 720p. */
  three: string;
  /** The demo itself: two faces, 640 x 360. */
  two: string;
  remove(): void;
}

/** @param seconds of each clip but the demo, rounded up to repeats of the demo */
export function makeClips(seconds: number): Clips {
  const dir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const make = (name: keyof typeof FILTERS) => {
    const file = join(dir, `${name}.mp4`);
    const loops = String(Math.ceil(seconds / DEMO_SECONDS) - 1);
    const input = ['-stream_loop', loops, '-i', DEMO, '-t', String(seconds)];
    const output = ['-filter_complex', FILTERS[name], '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21'];
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-nostdin',
      '-y',
      ...input,
      ...output,
      '-pix_fmt',
      'yuv420p',
      file,
    ]);
    return file;
  };
  const two = join(dir, 'two.mp4');
  copyFileSync(DEMO, two);
  return {
    dir,
    one: make('one'),
    three: make('three'),
    two,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** JPEGs of two faces, 1280 x 720, of moments of the demo. */
export function makePictures(dir: string, count: number): void {
  mkdirSync(dir);
  const output = ['-vf', 'scale=1280:720', '-q:v', '3', '-frames:v', String(count), join(dir, '%05d.jpg')];
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-stream_loop', '-1', '-i', DEMO, ...output]);
}
