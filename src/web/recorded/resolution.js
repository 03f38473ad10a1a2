/** How finely a stretch of a session is read: as single moments where they fit, else in buckets about as many as a screen can tell apart. */
import { bucketLength } from '../format.js';
import { MAX_MOMENTS } from './documents.js';

/** `bucket`: its length in seconds; null: single moments. @typedef {{ bucket: number | null }} Resolution */
/** @typedef {{ from: number, to: number }} Stretch seconds of media time */

/** At most so many buckets of one face. */
const MAX_BUCKETS = 400;
/** Buckets of parts of a second are made of the moments, again for each face: of so many at most. */
const MOST_FOR_PARTS = 4000;
const PARTS = [0.2, 0.5];
/** No moment stands for longer than this many intervals between two. */
const STANDS_INTERVALS = 2;

/**
 * @param {number} seconds that are to be read
 * @param {number} rate moments a second
 * @returns {Resolution}
 */
export function resolutionOf(seconds, rate) {
  if (seconds * rate <= MAX_MOMENTS * 0.9) return { bucket: null };
  const part = partOf(seconds);
  if (part !== undefined && seconds * rate <= MOST_FOR_PARTS) return { bucket: part };
  return { bucket: bucketLength(seconds, MAX_BUCKETS) };
}

/** The part of a second that buckets of so long a stretch may have; undefined: none, they would be too many. @param {number} seconds */
export function partOf(seconds) {
  return PARTS.find((bucket) => seconds / bucket <= MAX_BUCKETS);
}

/**
 * What is read for a visible stretch: as much again around it, so that a small step to the side shows no hole, and the moment that stands at its
 * beginning, which came some time before.
 * @param {Stretch} visible
 * @param {Stretch} whole
 * @param {number} rate moments a second
 * @returns {Stretch}
 */
export function withMargin({ from, to }, whole, rate) {
  const margin = Math.max((to - from) / 2, STANDS_INTERVALS / rate);
  return { from: Math.max(whole.from, from - margin), to: Math.min(whole.to, to + margin) };
}

/**
 * What is visible of all, drawn as many times as wide as there is room for, and shifted by a share of that room.
 * @param {Stretch} whole
 * @param {{ k: number, shift: number }} transform
 * @returns {Stretch}
 */
export function zoomed(whole, { k, shift }) {
  // All of it to the last bit, which sums of fractions would miss.
  if (k <= 1) return whole;
  const seconds = (whole.to - whole.from) / k;
  const from = whole.from - shift * seconds;
  return { from, to: from + seconds };
}

/** @param {Stretch} outer @param {Stretch} inner */
export function holds(outer, inner) {
  return outer.from <= inner.from + 1e-6 && outer.to >= inner.to - 1e-6;
}
