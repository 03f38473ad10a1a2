import type { Rect } from '../image/geometry.ts';

/** A face that the detector proposes, in pixels of the image. */
export interface Detection {
  box: Rect;
  /** Right eye, left eye, nose, right and left mouth corner, from left to right as seen: x0, y0, … */
  landmarks5: Float64Array;
  /** 0 to 1. */
  score: number;
}

/** The detection in an image that is `factor` times larger. */
export function scaleDetection(factor: number, { box, landmarks5, score }: Detection): Detection {
  const { x1, y1, x2, y2 } = box;
  return {
    box: { x1: x1 * factor, y1: y1 * factor, x2: x2 * factor, y2: y2 * factor },
    landmarks5: landmarks5.map((v) => v * factor),
    score,
  };
}
