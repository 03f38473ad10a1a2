/** What goes between mien and the process that decodes and encodes pictures. */
import type { FrameColour } from '../../domain/frame.ts';

export interface ToPictures {
  id: number;
  path: string;
  /** Pixels to which the longer side is made smaller, never larger; null: as it is. */
  longerSide: number | null;
  maxPixels: number;
  /** How it has to be turned, 1 to 8 as Exif counts. */
  orientation: number;
}

/** A picture to be encoded: a byte of luma for each pixel, row by row, and its colour, if it has any. */
export interface JpegRequest {
  id: number;
  width: number;
  height: number;
  luma: Uint8Array;
  colour?: FrameColour | undefined;
  /** Pixels to which the longer side is made smaller, never larger. */
  longerSide: number;
}

export interface DecodedPicture {
  /** Of the frame, upright: a byte of luma for each pixel, row by row. */
  width: number;
  height: number;
  luma: Uint8Array;
  /** Of the picture before it was made smaller, upright. */
  source: { width: number; height: number };
  /** As ffmpeg calls it. */
  codec: string;
}

/** Once, before all else: what decodes; null: nothing is here that does. */
export interface PicturesReady {
  version: string | null;
}

/** Null: it is none of those that are decoded here, or not whole. */
export type FromPictures = PicturesReady | { id: number; picture: DecodedPicture | Uint8Array | null };
