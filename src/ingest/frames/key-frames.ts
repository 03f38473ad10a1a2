/**
 * Where the key frames of a recording lie, as far as they were seen. A decoder that begins in the middle begins with the key frame before, and
 * what lies between is decoded in vain: with the usual settings of x264 that is ten seconds at most.
 */

/** So many are remembered, the last that were seen. */
const MOST = 32;
/** Seconds within which two places are one: that of the same frame, in two passes. */
const SAME = 0.1;

export class KeyFrames {
  /** Seconds from the recording's beginning, ascending. */
  #places: number[] = [];
  /** The same, in the order in which they were seen. */
  #seen: number[] = [];

  /** @param place seconds from the recording's beginning */
  seenAt(place: number): void {
    if (this.#places.some((known) => Math.abs(known - place) < SAME)) return;
    this.#seen = [...this.#seen, place].slice(-MOST);
    this.#places = this.#seen.toSorted((one, other) => one - other);
  }

  /**
   * How many seconds before a place the last key frame lies, if they go on as far apart as the closest that were seen; 0: too few were.
   * @param place seconds from the recording's beginning
   */
  before(place: number): number {
    const places = this.#places;
    const last = places.findLast((known) => known <= place);
    const distance = Math.min(...places.slice(1).map((known, i) => known - places[i]!));
    return last === undefined || distance === Number.POSITIVE_INFINITY ? 0 : (place - last) % distance;
  }
}
