import type { FrameSize } from './frame.ts';

/** How large the pictures are in which faces are looked for: the smaller a face that is to be found, the larger, and the dearer. */
export const DETECT_SIZES = ['STANDARD', 'LARGE', 'FULL'] as const;
export type DetectSize = (typeof DETECT_SIZES)[number];

/** Pixels to which the longer side of a picture is made smaller, never larger. */
export const LONGER_SIDES: Readonly<Record<DetectSize, number>> = {
  STANDARD: 640,
  LARGE: 1280,
  FULL: Number.POSITIVE_INFINITY,
};

/** A length in a frame, in pixels of the source's own picture, of which the frame is a copy made smaller. */
export function inSourcePixels(length: number, frame: FrameSize, source: FrameSize): number {
  return (length * Math.max(source.width, source.height)) / Math.max(frame.width, frame.height);
}

/** An ffmpeg that scales every frame to the size of the first puts them on a square of so many pixels a side, at most. */
export const MAX_CANVAS = 4096;
