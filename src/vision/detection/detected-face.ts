import { type Rect, translate } from '../image/geometry.ts';

/** A face that the detector proposes, in pixels of the image. */
export interface Detection {
  box: Rect;
  /** Right eye, left eye, nose, right and left mouth corner, from left to right as seen: x0, y0, … */
  landmarks5: Float64Array;
  /** 0 to 1. */
  score: number;
}

/** A detection in a part of an image, whose corner is at (left, top) of it, in the image made `factor` times larger. */
export function placeDetection(detection: Detection, left: number, top: number, factor: number): Detection {
  if (left === 0 && top === 0 && factor === 1) return detection;
  const { x1, y1, x2, y2 } = translate(detection.box, left, top);
  const corner = [left, top];
  return {
    box: { x1: x1 * factor, y1: y1 * factor, x2: x2 * factor, y2: y2 * factor },
    landmarks5: detection.landmarks5.map((v, i) => (v + corner[i % 2]!) * factor),
    score: detection.score,
  };
}
