/** The planes of a frame as ffmpeg writes it: luma in full range, and behind it chroma, where colour was asked for and the source has any. */
import type { ColourMatrix, FrameColour, FrameSize } from '../../domain/frame.ts';

/** How large a frame is, and how its bytes lie. */
export interface PixelLayout extends FrameSize {
  /** As ffmpeg names it; undefined: a byte of luma for each pixel. */
  format?: string | undefined;
}

/** What is told of the frames that one building of ffmpeg's filters writes. */
export interface ColourTold {
  /** Their colour space, as ffmpeg names it; null: not told yet. */
  colourSpace: string | null;
  /** The source's own pictures; null: not told yet. */
  source: PixelLayout | null;
}

/** ffmpeg's name for planes of luma, blue- and red-difference, the last two half as wide and high. Its luma is that of `gray`, to the byte. */
const WITH_CHROMA = 'yuvj420p';

/** What ffmpeg may write. Of several it takes the one by which the source loses least: gray stays gray. */
export const pixelFormats = (colour: boolean): string => (colour ? `gray|${WITH_CHROMA}` : 'gray');

/** Bytes of a frame. */
export function bytesOf({ width, height, format }: PixelLayout): number {
  const ofChroma = format === WITH_CHROMA ? 2 * Math.ceil(width / 2) * Math.ceil(height / 2) : 0;
  return width * height + ofChroma;
}

/** Views of a frame's bytes, which stay where they are. */
export function planesOf(
  bytes: Uint8Array,
  { width, height }: FrameSize,
  told: ColourTold | undefined,
): { pixels: Uint8Array; colour?: FrameColour } {
  const ofLuma = width * height;
  if (bytes.length === ofLuma) return { pixels: bytes };
  return {
    pixels: bytes.subarray(0, ofLuma),
    colour: { chroma: bytes.subarray(ofLuma), matrix: matrixOf(told) },
  };
}

/** Of high definition, from so many rows on: what players assume where a source does not say. */
const ROWS_OF_HD = 720;

/** What was red, green and blue ffmpeg has turned by BT.601, and says nothing of it. */
function matrixOf(
  { colourSpace: space, source }: ColourTold = { colourSpace: null, source: null },
): ColourMatrix {
  if (space === 'bt709') return 'bt709';
  if (space?.startsWith('bt2020')) return 'bt2020';
  const isUntold = space === null || space === 'unknown';
  const isHd = source !== null && source.height >= ROWS_OF_HD && !isRgb(source.format);
  return isUntold && isHd ? 'bt709' : 'bt601';
}

const isRgb = (format = '') => /rgb|bgr|gbr|pal8/.test(format);
