/**
 * A film for a browser's fake camera with a clock in its picture: along its lower edge stands the number of each frame, in squares
 * that are white or black. Whoever has a picture of it can tell which frame that is, whatever scaled and compressed it.
 */
import { execFileSync } from 'node:child_process';
import sharp from 'sharp';
import { DEMO } from './clips.ts';

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 30;
const SECONDS = 20;
/** Enough for the frames of the film. */
const BITS = 10;
const SIDE = 24;
/** Where the middle of a square lies, in parts of the picture's sizes. */
const middleOf = (bit: number) => (40 + (bit + 0.5) * SIDE) / WIDTH;
const ROW = (HEIGHT - SIDE / 2) / HEIGHT;

/** Motion JPEG, which Chromium takes from a file, thirty frames of it a second. */
export function makeClockFilm(path: string): void {
  const square = (bit: number, colour: string, when: string) =>
    `drawbox=x=${40 + bit * SIDE}:y=${HEIGHT - SIDE}:w=${SIDE}:h=${SIDE}:color=${colour}:t=fill${when}`;
  const bits = Array.from({ length: BITS }, (_, bit) => [
    square(bit, 'black', ''),
    square(bit, 'white', `:enable='gt(mod(floor(n/${2 ** bit}),2),0)'`),
  ]).flat();
  const filters = ['crop=320:180:0:72', `scale=${WIDTH}:${HEIGHT}`, `fps=${FRAMES_PER_SECOND}`, ...bits];
  const input = ['-v', 'error', '-nostdin', '-y', '-i', DEMO, '-t', String(SECONDS)];
  execFileSync('ffmpeg', [...input, '-an', '-vf', filters.join(','), '-c:v', 'mjpeg', '-q:v', '3', path]);
}

/** The number in a picture. */
export async function readClock(jpeg: Uint8Array): Promise<number> {
  const { data, info } = await sharp(jpeg).grayscale().raw().toBuffer({ resolveWithObject: true });
  const row = Math.floor(ROW * info.height) * info.width;
  const isWhite = (bit: number) => data[row + Math.floor(middleOf(bit) * info.width)]! > 127;
  return Array.from({ length: BITS }, (_, bit) => (isWhite(bit) ? 2 ** bit : 0)).reduce((a, b) => a + b);
}

/**
 * Runs in the page: from now on `window.seenAt` has, by the number of each frame, when the page's own picture last began to show it.
 * @param video selector of the own picture
 */
export const watchClock = (video: string) => `(() => {
  const video = document.querySelector('${video}');
  const seenAt = (window.seenAt = {});
  const context = new OffscreenCanvas(${WIDTH}, 1).getContext('2d', { willReadFrequently: true });
  let last = -1;
  const look = (now) => {
    context.drawImage(video, 0, ${ROW} * video.videoHeight, video.videoWidth, 1, 0, 0, ${WIDTH}, 1);
    const { data } = context.getImageData(0, 0, ${WIDTH}, 1);
    let number = 0;
    for (let bit = 0; bit < ${BITS}; bit++)
      if (data[4 * Math.floor((40 + (bit + 0.5) * ${SIDE}))] > 127) number += 2 ** bit;
    if (number !== last) seenAt[number] = now;
    last = number;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})()`;
