/** A gray image: `width * height` bytes of luma, row by row. */
export interface GrayImage {
  pixels: Uint8Array;
  width: number;
  height: number;
}
