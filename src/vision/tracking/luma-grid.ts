/** A picture as a grid of 32 x 18 lumas, and how one such grid differs from another. */
import type { GrayImage } from '../image/gray-image.ts';

/** Row by row. */
export type Grid = Float32Array;

const COLUMNS = 32;
const ROWS = 18;
/** Samples of each cell, in each direction: few, because each frame of each stream is sampled. */
const SAMPLES = 2;
const WHITE = 250;
/** Steps of luma within which light changes alike. */
const TONES = 16;
/** Change of luma from which a cell has changed. */
const CHANGED = 8;

/** Makes grids, with the places of the samples kept while the size of the pictures stays. */
export class LumaGrid {
  #places = new Int32Array(0);
  #size = '';

  of({ pixels, width, height }: GrayImage): Grid {
    const size = `${width}x${height}`;
    if (size !== this.#size) [this.#places, this.#size] = [samplePlaces(width, height), size];
    const places = this.#places;
    const grid = new Float32Array(COLUMNS * ROWS);
    for (let cell = 0, at = 0; cell < grid.length; cell++, at += 4) {
      const upper = pixels[places[at]!]! + pixels[places[at + 1]!]!;
      grid[cell] = (upper + pixels[places[at + 2]!]! + pixels[places[at + 3]!]!) / 4;
    }
    return grid;
  }
}

function samplePlaces(width: number, height: number): Int32Array<ArrayBuffer> {
  const places = new Int32Array(COLUMNS * ROWS * SAMPLES * SAMPLES);
  const place = (cell: number, sample: number, cells: number, pixels: number) =>
    Math.floor(((cell + (sample + 0.5) / SAMPLES) * pixels) / cells);
  let at = 0;
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++)
      for (let y = 0; y < SAMPLES; y++)
        for (let x = 0; x < SAMPLES; x++)
          places[at++] = place(row, y, ROWS, height) * width + place(column, x, COLUMNS, width);
  return places;
}

/** The standard deviation of the lumas. */
export function contrastOf(grid: Grid): number {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < grid.length; at++) {
    const luma = grid[at]!;
    sum += luma;
    squares += luma * luma;
  }
  const mean = sum / grid.length;
  return Math.sqrt(Math.max(0, squares / grid.length - mean * mean));
}

/** Share of the cells that are white, as where too much light fell in. */
export function whiteShareOf(grid: Grid): number {
  let white = 0;
  for (let at = 0; at < grid.length; at++) if (grid[at]! >= WHITE) white++;
  return white / grid.length;
}

/**
 * How much of what `to` shows does not follow from the luma that was there in `from`, 0 to about 1: little where it is the same
 * picture in other light, be that brighter, darker, or so bright that parts of it are white.
 */
export function otherThanLight(from: Grid, to: Grid): number {
  const sums = new Float64Array(TONES);
  const counts = new Float64Array(TONES);
  const toneOf = (luma: number) => Math.floor((luma * TONES) / 256);
  let mean = 0;
  for (const [at, luma] of to.entries()) {
    sums[toneOf(from[at]!)]! += luma;
    counts[toneOf(from[at]!)]! += 1;
    mean += luma / to.length;
  }
  let [left, all] = [0, 0];
  for (const [at, luma] of to.entries()) {
    const tone = toneOf(from[at]!);
    left += Math.abs(luma - sums[tone]! / counts[tone]!);
    all += Math.abs(luma - mean);
  }
  return all > 0 ? left / all : 0;
}

export interface Change {
  /** Mean difference of lumas, once the shift is taken out. */
  mean: number;
  /** Of the mean luma. */
  shift: number;
  /** Of the lumas, -1 to 1. */
  correlation: number;
  /** Share of the cells that changed once the shift is taken out, 0 to 1. */
  share: number;
  /** Share of the cells that stayed as they were. */
  unchanged: number;
}

export function changeOf(from: Grid, to: Grid): Change {
  return compare(from, to, 0, 0);
}

/** The change that is left where `to` is laid over `from`, moved by up to half of the picture, so that it fits best. */
export function bestShift(from: Grid, to: Grid): Change {
  let best = changeOf(from, to);
  for (let down = -(ROWS >> 1); down <= ROWS >> 1; down++) {
    for (let right = -(COLUMNS >> 1); right <= COLUMNS >> 1; right++) {
      if ((ROWS - Math.abs(down)) * (COLUMNS - Math.abs(right)) < (ROWS * COLUMNS) / 2) continue;
      const change = compare(from, to, down, right);
      if (change.mean < best.mean) best = change;
    }
  }
  return best;
}

/** Cells of one grid, and where those lie that they are compared with. */
interface Overlap {
  top: number;
  bottom: number;
  left: number;
  right: number;
  /** From a cell to the one that it is compared with. */
  offset: number;
  cells: number;
}

/** Compares cells of `from` with those that lie so many rows above and columns to the left of them in `to`. */
function compare(from: Grid, to: Grid, down: number, across: number): Change {
  const [top, bottom] = [Math.max(0, down), Math.min(ROWS, ROWS + down)];
  const [left, right] = [Math.max(0, across), Math.min(COLUMNS, COLUMNS + across)];
  const cells = (bottom - top) * (right - left);
  const overlap = { top, bottom, left, right, offset: -down * COLUMNS - across, cells };
  const { shift, correlation } = correlate(from, to, overlap);
  return { shift, correlation, ...countChanges(from, to, overlap, shift) };
}

function correlate(from: Grid, to: Grid, { top, bottom, left, right, offset, cells }: Overlap) {
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let row = top; row < bottom; row++) {
    for (let at = row * COLUMNS + left; at < row * COLUMNS + right; at++) {
      const a = from[at]!;
      const b = to[at + offset]!;
      sumA += a;
      sumB += b;
      squaresA += a * a;
      squaresB += b * b;
      products += a * b;
    }
  }
  const varianceA = squaresA - (sumA * sumA) / cells;
  const varianceB = squaresB - (sumB * sumB) / cells;
  const correlation = (products - (sumA * sumB) / cells) / Math.sqrt(varianceA * varianceB + 1e-6);
  return { shift: (sumB - sumA) / cells, correlation };
}

function countChanges(
  from: Grid,
  to: Grid,
  { top, bottom, left, right, offset, cells }: Overlap,
  shift: number,
): Pick<Change, 'mean' | 'share' | 'unchanged'> {
  let differences = 0;
  let changed = 0;
  let unchanged = 0;
  for (let row = top; row < bottom; row++) {
    for (let at = row * COLUMNS + left; at < row * COLUMNS + right; at++) {
      const raw = to[at + offset]! - from[at]!;
      const difference = Math.abs(raw - shift);
      differences += difference;
      if (difference > CHANGED) changed++;
      if (Math.abs(raw) < CHANGED / 2) unchanged++;
    }
  }
  return { mean: differences / cells, share: changed / cells, unchanged: unchanged / cells };
}
