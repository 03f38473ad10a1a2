/** What goes between mien and the process that decodes pictures. */
export interface ToPictures {
  id: number;
  path: string;
  /** Pixels to which the longer side is made smaller, never larger; null: as it is. */
  longerSide: number | null;
  maxPixels: number;
  /** How it has to be turned, 1 to 8 as Exif counts. */
  orientation: number;
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
export type FromPictures = PicturesReady | { id: number; picture: DecodedPicture | null };
