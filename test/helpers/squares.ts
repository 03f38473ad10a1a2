/** Pictures of bright squares on black: the faces of the tiny models. */
import type { Frame } from '../../src/domain/frame.ts';

export interface Square {
  /** Centre, side and luma, in pixels and 0 to 255. */
  x: number;
  y: number;
  side: number;
  luma: number;
}

/** A frame with these squares, later ones in front. */
export function squares(faces: readonly Square[], mediaTime = 0, width = 320, height = 192): Frame {
  const pixels = new Uint8Array(width * height);
  for (const { x, y, side, luma } of faces) {
    const [x1, x2] = [Math.round(x - side / 2), Math.round(x + side / 2)];
    const [y1, y2] = [Math.round(y - side / 2), Math.round(y + side / 2)];
    for (let row = Math.max(0, y1); row < Math.min(height, y2); row++) {
      pixels.fill(luma, row * width + Math.max(0, x1), row * width + Math.min(width, Math.max(0, x2)));
    }
  }
  return { pixels, width, height, mediaTime, wallTime: 0, dropped: {} };
}
