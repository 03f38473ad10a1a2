/** What goes between the server and the thread that decodes HEIC. */

export interface ToHeic {
  bytes: Uint8Array;
  maxPixels: number;
}

/** Upright, a byte a pixel, row by row. */
export interface LumaPicture {
  width: number;
  height: number;
  luma: Uint8Array<ArrayBuffer>;
}

/** `unsupported`: libheif cannot read this kind, or fell over it. */
export type HeicFailure = 'damaged' | 'too large' | 'unsupported' | 'too slow';

/** `ready` once; then the answer. */
export type FromHeic = 'ready' | { picture: LumaPicture } | { failure: HeicFailure; reason: string };
