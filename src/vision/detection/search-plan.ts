/**
 * At which sizes, and in which parts, a picture is given to the detector. The detector finds faces from some 18 to some 380
 * pixels of its input. So a picture is searched at its own size, and, where it has room for faces too large for that, at half
 * of it, at a quarter and so on. What is too large for one run is cut into tiles; a face that two of them show in part
 * lies whole in one of them, or is large enough to be found at half the size.
 */

import { LONGER_SIDES } from '../../domain/detect-size.ts';
import { brightenDark } from '../image/brighten.ts';
import { equivalentSide, type Rect } from '../image/geometry.ts';
import type { GrayImage } from '../image/gray-image.ts';
import { addBorder, cropImage, downscale, upscale } from '../image/resize.ts';
import type { DetectorCard } from '../models/model-manifest.ts';
import type { Detection } from './detected-face.ts';

/** An image that is upscaled more shows no more faces, only more of what is none. */
const MAX_UPSCALE = 2;
/** Pixels to which the shorter side is upscaled, at most: of larger faces the detector finds few at full size. */
const MAX_UPSCALED_SIDE = 384;
/** An image whose shorter side has no more pixels has no room for a face that is too large, not even for a part of one. */
const MIN_SIDE_FOR_LARGE_FACE = 320;
/** Pixels of the detector's input from which a face is found at half the size as well, and placed better. */
export const LARGE_FACE = 192;
/** Of the shorter side, on each side of a picture that is searched once more with a border; and its luma. */
const BORDER = 0.2;
const BORDER_LUMA = 40;
/** Pixels of a tile's side: in one run more would take more memory, and let others wait longer. */
const MAX_TILE_SIDE = 2112;
/** Pixels that neighbouring tiles share: a face that is not large, though taller than it is wide, lies whole in one of them. */
const OVERLAP = 1.5 * LARGE_FACE;
/** A face that comes so near to the border between two tiles may be cut off by it; the other tile has it whole. */
const NEAR_BORDER = 8;

type Size = Pick<GrayImage, 'width' | 'height'>;

/** A picture at one size: `factor` times smaller than it is (below 1: larger). */
export interface Level {
  image: GrayImage;
  factor: number;
  /** Smallest face that counts, in pixels of this size. */
  minFace: number;
  /** Pixels of this size on each side that are no part of the picture. */
  border: number;
}

/** A part of a level that is searched in one run. */
export interface Tile {
  level: Level;
  image: GrayImage;
  /** Where its upper left corner lies in the level, in pixels of it. */
  left: number;
  top: number;
}

/**
 * How a picture is searched at first, from the largest size to the smallest: one of the standard size once, at the size that
 * the card asks for.
 */
export function searchLevels(image: GrayImage, { input, thresholds }: DetectorCard): Level[] {
  const factor = searchFactor(image, input.longerSide);
  const scaled = factor < 1 ? upscale(image, 1 / factor) : downscale(image, factor);
  const levels = [{ image: scaled, factor, minFace: thresholds.minFace, border: 0 }];
  if (isStandard(image)) return levels;
  for (let last = levels[0]!; hasRoomForLargeFace(last); last = levels.at(-1)!) levels.push(halfSize(last));
  return levels;
}

export function isStandard({ width, height }: Size): boolean {
  return Math.max(width, height) <= LONGER_SIDES.STANDARD;
}

export function hasRoomForLargeFace({ image }: Level): boolean {
  return Math.min(image.width, image.height) > MIN_SIDE_FOR_LARGE_FACE;
}

/** Faces that were looked for at the full size as well do not count here. */
export function halfSize({ image, factor }: Level): Level {
  return { image: downscale(image, 2), factor: factor * 2, minFace: LARGE_FACE / 2, border: 0 };
}

/**
 * The level with a dark border, in which the detector finds faces that touch the picture's own, or fill it, and a dark picture in more
 * light. Faces of any size count.
 */
export function bordered({ image, factor }: Level, { thresholds }: DetectorCard): Level {
  const border = Math.round(BORDER * Math.min(image.width, image.height));
  return {
    image: addBorder(brightenDark(image), border, BORDER_LUMA),
    factor,
    minFace: thresholds.minFace,
    border,
  };
}

/** Side in pixels of the smallest face that can be found in a picture of this size. */
export function smallestFaceIn(picture: Size, { input, thresholds }: DetectorCard): number {
  return thresholds.minFace * searchFactor(picture, input.longerSide);
}

/**
 * How many times smaller the detector is given a picture: a larger one than the standard as it is, others by a whole number,
 * or by a fraction where the longer side is shorter than the card's, because small faces are found at the size at which the
 * model was trained on them.
 */
function searchFactor(picture: Size, longerSide: number): number {
  const longer = Math.max(picture.width, picture.height);
  const shorter = Math.min(picture.width, picture.height);
  if (!isStandard(picture)) return 1;
  if (longer >= longerSide) return Math.max(1, Math.round(longer / longerSide));
  return 1 / Math.max(1, Math.min(longerSide / longer, MAX_UPSCALED_SIDE / shorter, MAX_UPSCALE));
}

/** The level in one piece, or in tiles of equal size. */
export function tilesOf(level: Level): Tile[] {
  const { image } = level;
  const columns = spans(image.width);
  const rows = spans(image.height);
  return rows.flatMap(([top, height]) =>
    columns.map(([left, width]) => ({ level, left, top, image: cropImage(image, left, top, width, height) })),
  );
}

/** Overlapping parts of a side: where each begins, and how long it is. */
function spans(side: number): [start: number, length: number][] {
  const count = side <= MAX_TILE_SIDE ? 1 : Math.ceil((side - OVERLAP) / (MAX_TILE_SIDE - OVERLAP));
  const length = Math.ceil((side - OVERLAP) / count) + OVERLAP;
  if (count === 1) return [[0, side]];
  return Array.from({ length: count }, (_, i) => [Math.round((i * (side - length)) / (count - 1)), length]);
}

/** Whether a face that was found in a tile counts: it is in the picture, large enough, and not cut off by another tile. */
export function countsIn({ level, image, left, top }: Tile, { box }: Detection): boolean {
  const { border } = level;
  const whole = { x1: border, y1: border, x2: image.width - border, y2: image.height - border };
  if (!isCentredIn(whole, box) || equivalentSide(box) < level.minFace) return false;
  const { width, height } = level.image;
  return (
    (left === 0 || box.x1 >= NEAR_BORDER) &&
    (top === 0 || box.y1 >= NEAR_BORDER) &&
    (left + image.width >= width || box.x2 <= image.width - NEAR_BORDER) &&
    (top + image.height >= height || box.y2 <= image.height - NEAR_BORDER)
  );
}

export function isCentredIn(area: Rect, { x1, y1, x2, y2 }: Rect): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return x >= area.x1 && y >= area.y1 && x <= area.x2 && y <= area.y2;
}
