/** Pictures of rooms with somebody in them, made of ellipses and boxes: enough to tell one scene from another. */
import type { GrayImage } from '../../src/vision/image/gray-image.ts';
import { seeded } from '../helpers/memory-store.ts';

export const WIDTH = 320;
export const HEIGHT = 180;

/** A room, wider than a frame so that a camera can pan over it. @param seed which one */
export function room(seed: number, width = WIDTH): GrayImage {
  const random = seeded(seed);
  const pixels = new Uint8Array(width * HEIGHT).fill(60 + 120 * random());
  for (let i = 0; i < (14 * width) / WIDTH; i++) {
    const [x, y, w, h] = [random() * width, random() * HEIGHT, 20 + random() * 70, 20 + random() * 90];
    paint({ pixels, width, height: HEIGHT }, x, y, w, h, 20 + random() * 220, 'box');
  }
  return { pixels, width, height: HEIGHT };
}

/** The room with somebody in its middle. @param seed who: hair, skin and clothes */
export function somebodyIn(background: GrayImage, seed: number, x = WIDTH / 2): GrayImage {
  const random = seeded(1000 + seed);
  const picture = { ...background, pixels: background.pixels.slice() };
  paint(picture, x, 175, 75 + 25 * random(), 55, 20 + 210 * random(), 'ellipse');
  paint(picture, x, 85 - 10 * random(), 40 + 12 * random(), 52, 20 + 200 * random(), 'ellipse');
  paint(picture, x, 95, 30 + 6 * random(), 40, 90 + 150 * random(), 'ellipse');
  for (const side of [-12, 12]) paint(picture, x + side, 88, 5, 3, 30, 'ellipse');
  paint(picture, x, 115, 12, 4, 60, 'ellipse');
  return picture;
}

/** What a camera at `left` sees of a wide picture. */
export function view({ pixels, width }: GrayImage, left: number): GrayImage {
  const seen = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++)
    seen.set(pixels.subarray(y * width + left, y * width + left + WIDTH), y * WIDTH);
  return { pixels: seen, width: WIDTH, height: HEIGHT };
}

/** In other light, with a little noise, as a sensor has it. */
export function lit(image: GrayImage, gain = 1, offset = 0, seed = 1): GrayImage {
  let noise = seed;
  const pixels = new Uint8Array(image.pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) | 0;
    pixels[at] = Math.max(0, Math.min(255, image.pixels[at]! * gain + offset + noise / 2 ** 30));
  }
  return { ...image, pixels };
}

function paint(
  { pixels, width, height }: GrayImage,
  x: number,
  y: number,
  rx: number,
  ry: number,
  luma: number,
  shape: 'box' | 'ellipse',
): void {
  for (let row = Math.max(0, Math.ceil(y - ry)); row < Math.min(height, y + ry); row++) {
    const across = shape === 'box' ? rx : rx * Math.sqrt(Math.max(0, 1 - ((row - y) / ry) ** 2));
    const from = Math.max(0, Math.round(x - across));
    pixels.fill(
      luma,
      row * width + from,
      row * width + Math.max(from, Math.min(width, Math.round(x + across))),
    );
  }
}
