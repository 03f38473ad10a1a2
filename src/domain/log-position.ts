/**
 * Where moments stand in the order of their commits: a number that holds that of the writer, and how many it has written.
 * What one writer wrote becomes visible in this order; what several wrote has no order among them.
 */

/** Positions of one writer. */
const SPAN = 2 ** 30;

export function writerOf(position: number): number {
  return Math.floor(position / SPAN);
}

/** The place before the first position of a writer. */
export function beginningOf(writer: number): number {
  return writer * SPAN;
}
