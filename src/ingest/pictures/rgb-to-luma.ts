/**
 * Luma as ffmpeg has it: by ITU-R BT.601 in full range, made smaller by a triangle as wide as a pixel of the result, turned. In whole numbers,
 * a row of the result at a time, and of four places of the source at once: one sum after the other takes twice as long.
 */
export interface Luma {
  width: number;
  height: number;
  luma: Uint8Array;
}

interface Pixels {
  pixels: Uint8Array;
  width: number;
  height: number;
  /** 1 or 2: gray, and alpha; 3 or 4: red, green, blue, and alpha, which is left out. */
  channels: number;
}

/** Of a level of 255, until all is added up: so much more would not fit 32 bits when it is weighed. */
const FRACTION_BITS = 7;
const WEIGHT_BITS = 14;
/** Of red, green and blue, in 2^14ths. */
const COLOURS = [4899, 9617, 1868] as const;

/** @param longerSide in pixels, at most; null: as it is */
export function lumaOf(picture: Pixels, longerSide: number | null): Luma {
  const { pixels, width, height, channels } = picture;
  const fit = longerSide === null ? 1 : Math.min(1, longerSide / Math.max(width, height));
  if (fit === 1 && channels === 1) return { width, height, luma: pixels };
  const size = (length: number) => Math.max(1, Math.round(length * fit));
  const [toWidth, toHeight] = [size(width), size(height)];
  const [columns, rows] = [weightsOf(width, toWidth), weightsOf(height, toHeight)];
  const luma = new Uint8Array(toWidth * toHeight);
  const mixed = new Int32Array(width * channels);
  for (let y = 0; y < toHeight; y++) {
    mixRows(pixels, rows, y, mixed);
    if (channels > 1) makeGray(mixed, width, channels);
    mixColumns(mixed, columns, luma, y * toWidth);
  }
  return { width: toWidth, height: toHeight, luma };
}

/** Of each place of the result: where it begins in the source, and how much of each place from there on it takes. */
interface Weights {
  first: Int32Array;
  /** In 2^14ths, which add up to one. */
  weights: Int32Array;
  /** For each place of the result, a multiple of four. */
  taps: number;
}

function weightsOf(from: number, to: number): Weights {
  const exact = triangle(from, to);
  const spans = Array.from({ length: to }, (_, at) => spanOf(exact, at));
  const longest = spans.reduce((most, { length }) => Math.max(most, length), 1);
  const taps = Math.ceil(longest / 4) * 4;
  const first = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  for (const [at, span] of spans.entries()) {
    // Places that weigh nothing lie within the source, too, where that has so many.
    first[at] = Math.max(0, Math.min(span.first, from - taps));
    const begin = at * taps + span.first - first[at]!;
    let rest = 0;
    for (const [tap, share] of exact.weights.subarray(span.begin, span.begin + span.length).entries()) {
      const weight = share * (1 << WEIGHT_BITS) + rest;
      weights[begin + tap] = Math.round(weight);
      rest = weight - Math.round(weight);
    }
  }
  return { first, weights, taps };
}

/** Of a place of the result what weighs something: from where on in the source, from where on among the weights, and how many. */
function spanOf({ first, weights, taps }: ExactWeights, at: number) {
  const [begin, end] = [at * taps, (at + 1) * taps];
  let [from, to] = [begin, end];
  while (weights[from] === 0) from += 1;
  while (weights[to - 1] === 0) to -= 1;
  return { first: first[at]! + from - begin, begin: from, length: to - from };
}

interface ExactWeights extends Omit<Weights, 'weights'> {
  weights: Float64Array;
}

/** The places that swscale takes: none before the first one, where that is less than a pixel away. */
function triangle(from: number, to: number): ExactWeights {
  const scale = from / to;
  const places = 1 + Math.floor((2 * from + to - 1) / to);
  const taps = Math.min(from, places);
  const first = new Int32Array(to);
  const weights = new Float64Array(to * taps);
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

/** Of a row of the result all columns of the source, with all their channels, in 128ths of a level. */
function mixRows(pixels: Uint8Array, { first, weights, taps }: Weights, y: number, to: Int32Array): void {
  const bits = WEIGHT_BITS - FRACTION_BITS;
  to.fill(1 << (bits - 1));
  for (let tap = 0; tap < taps; tap += 4) {
    const from = (first[y]! + tap) * to.length;
    addRows(pixels, from, weights, y * taps + tap, tap + 4 < taps ? 0 : bits, to);
  }
}

/** Four rows from a place on, by four weights. Sums are said to be whole numbers: what might be none is added up twice as slowly. */
function addRows(
  pixels: Uint8Array,
  from: number,
  weights: Int32Array,
  at: number,
  bits: number,
  to: Int32Array,
): void {
  const [a, b, c, d] = [weights[at]!, weights[at + 1]!, weights[at + 2]!, weights[at + 3]!];
  const { length } = to;
  let first = from | 0;
  let second = (first + length) | 0;
  let third = (second + length) | 0;
  let fourth = (third + length) | 0;
  for (let x = 0; x < length; x++) {
    const two = (Math.imul(a, pixels[first]!) + Math.imul(b, pixels[second]!)) | 0;
    const more = (Math.imul(c, pixels[third]!) + Math.imul(d, pixels[fourth]!)) | 0;
    to[x] = (((to[x]! + two) | 0) + more) >> bits;
    first = (first + 1) | 0;
    second = (second + 1) | 0;
    third = (third + 1) | 0;
    fourth = (fourth + 1) | 0;
  }
}

/** Of the channels of each column its luma, in the place of the first columns' channels. */
function makeGray(row: Int32Array, width: number, channels: number): void {
  for (let x = 0, from = 0; x < width; x++, from += channels) {
    const [red, green, blue] = COLOURS;
    const sum = red * row[from]! + green * row[from + 1]! + blue * row[from + 2]!;
    row[x] = channels === 2 ? row[from]! : (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
  }
}

function mixColumns(row: Int32Array, { first, weights, taps }: Weights, to: Uint8Array, begin: number): void {
  for (let x = 0, at = 0; x < first.length; x++) {
    let sum = 1 << (WEIGHT_BITS + FRACTION_BITS - 1);
    for (let from = first[x]!, end = at + taps; at < end; at += 4, from += 4) {
      const two = Math.imul(weights[at]!, row[from]!) + Math.imul(weights[at + 1]!, row[from + 1]!);
      const more = Math.imul(weights[at + 2]!, row[from + 2]!) + Math.imul(weights[at + 3]!, row[from + 3]!);
      sum = (sum + two + more) | 0;
    }
    to[begin + x] = sum >> (WEIGHT_BITS + FRACTION_BITS);
  }
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
