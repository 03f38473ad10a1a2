/** Decodes a clip to RGB frames in memory, outside the measured time. */
import { spawnSync } from 'node:child_process';

/** Up to `count` frames of `path` at `rate` fps, the longer side at most `longerSide`: uint8 [height, width, 3] each. */
export function rgbFrames(path, { rate, longerSide, count }) {
  const scale = `fps=${rate},scale='if(gt(iw,ih),min(${longerSide},iw),-2)':'if(gt(iw,ih),-2,min(${longerSide},ih))'`;
  const run = (args) => {
    const result = spawnSync(
      'ffmpeg',
      [
        '-v',
        'info',
        '-nostdin',
        '-i',
        path,
        '-vf',
        `${scale},showinfo`,
        '-frames:v',
        String(count),
        '-f',
        'rawvideo',
        '-pix_fmt',
        'rgb24',
        ...args,
      ],
      { maxBuffer: 2 ** 31 },
    );
    if (result.status !== 0) throw new Error(`ffmpeg could not decode ${path}: ${result.stderr}`);
    return result;
  };
  const { stdout, stderr } = run(['-']);
  const [, width, height] = /showinfo.* s:(\d+)x(\d+)/.exec(String(stderr)).map(Number);
  const bytes = width * height * 3;
  return Array.from({ length: stdout.length / bytes }, (_, index) => ({
    width,
    height,
    pixels: stdout.subarray(index * bytes, (index + 1) * bytes),
  }));
}

/** Scores every frame with `score(frame) → number of faces`, once to warm up and then timed; prints JSON. */
export async function measure(frames, score) {
  for (const frame of frames.slice(0, 5)) await score(frame);
  let faces = 0;
  const start = performance.now();
  for (const frame of frames) faces += await score(frame);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    JSON.stringify({ frames: frames.length, faces, seconds, framesPerSecond: frames.length / seconds }),
  );
}
