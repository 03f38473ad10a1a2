/** Luma as ffmpeg has it: by ITU-R BT.601 in full range, made smaller by a triangle as wide as a pixel of the result, turned. */
export interface Luma {
  width: number;
  height: number;
  luma: Uint8Array;
}

/** Not rounded yet, where it was made of colours. */
interface ExactLuma {
  width: number;
  height: number;
  luma: Uint8Array | Float32Array;
}

/** @param channels 1 or 2: gray, and alpha; 3 or 4: red, green, blue, and alpha, which is left out */
export function lumaOf(
  pixels: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): ExactLuma {
  if (channels === 1) return { width, height, luma: pixels };
  const luma = new Float32Array(width * height);
  for (let from = 0, to = 0; to < luma.length; from += channels) {
    luma[to++] =
      channels === 2
        ? pixels[from]!
        : 0.299 * pixels[from]! + 0.587 * pixels[from + 1]! + 0.114 * pixels[from + 2]!;
  }
  return { width, height, luma };
}

/** @param longerSide in pixels, at most; null: as it is */
export function madeSmaller(picture: ExactLuma, longerSide: number | null): Luma {
  const { width, height } = picture;
  const fit = longerSide === null ? 1 : Math.min(1, longerSide / Math.max(width, height));
  if (fit === 1) return { width, height, luma: Uint8Array.from(picture.luma, Math.round) };
  const size = (length: number) => Math.max(1, Math.round(length * fit));
  const rows = alongRows(picture, size(width));
  return alongColumns(rows, size(width), height, size(height));
}

/** Of each place of the result: where it begins in the source, and how much of each place from there on it takes. */
interface Weights {
  first: Int32Array;
  weights: Float32Array;
  /** For each place of the result. */
  taps: number;
}

/** The places that swscale takes: none before the first one, where that is less than a pixel away. */
function triangle(from: number, to: number): Weights {
  const scale = from / to;
  const places = 1 + Math.floor((2 * from + to - 1) / to);
  const taps = Math.min(from, places);
  const first = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  for (let at = 0; at < to; at++) {
    const centre = (at + 0.5) * scale - 0.5;
    const begin = Math.trunc(centre - (places - 2) / 2);
    const start = Math.min(Math.max(0, begin), from - taps);
    first[at] = start;
    let sum = 0;
    for (let place = begin; place < begin + places; place++) {
      const weight = Math.max(0, 1 - Math.abs(place - centre) / scale);
      // Beyond its border the picture goes on as it is there.
      const inside = Math.min(Math.max(place, 0), from - 1);
      weights[at * taps + inside - start]! += weight;
      sum += weight;
    }
    for (let tap = 0; tap < taps; tap++) weights[at * taps + tap]! /= sum;
  }
  return { first, weights, taps };
}

function alongRows({ width, height, luma }: ExactLuma, to: number): Float32Array {
  const { first, weights, taps } = triangle(width, to);
  const result = new Float32Array(to * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      let sum = 0;
      const from = y * width + first[x]!;
      for (let tap = 0; tap < taps; tap++) sum += weights[x * taps + tap]! * luma[from + tap]!;
      result[y * to + x] = sum;
    }
  }
  return result;
}

function alongColumns(rows: Float32Array, width: number, height: number, to: number): Luma {
  const { first, weights, taps } = triangle(height, to);
  const luma = new Uint8Array(width * to);
  const sums = new Float32Array(width);
  for (let y = 0; y < to; y++) {
    sums.fill(0.5);
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[y * taps + tap]!;
      const from = (first[y]! + tap) * width;
      if (weight !== 0) for (let x = 0; x < width; x++) sums[x]! += weight * rows[from + x]!;
    }
    for (let x = 0; x < width; x++) luma[y * width + x] = sums[x]!;
  }
  return { width, height: to, luma };
}

/** @param orientation 1 to 8 as Exif counts: how what is stored has to be turned */
export function turned(picture: Luma, orientation: number): Luma {
  if (orientation === 1) return picture;
  const { width, height, luma } = picture;
  const isOnItsSide = orientation >= 5;
  const [toWidth, toHeight] = isOnItsSide ? [height, width] : [width, height];
  const result = new Uint8Array(luma.length);
  const isFlippedX = [2, 3, 7, 8].includes(orientation);
  const isFlippedY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [column, row] = isOnItsSide ? [y, x] : [x, y];
      const fromX = isFlippedX ? width - 1 - column : column;
      const fromY = isFlippedY ? height - 1 - row : row;
      result[y * toWidth + x] = luma[fromY * width + fromX]!;
    }
  }
  return { width: toWidth, height: toHeight, luma: result };
}
