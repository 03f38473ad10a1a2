/** Days (UTC) of wall times, as days since the epoch: the partitions' bounds. */

export const DAY_MS = 86_400_000;

/** @param wallTime in milliseconds since the epoch */
export function dayOf(wallTime: number): number {
  return Math.floor(wallTime / DAY_MS);
}

/** As in `2026-11-28`. */
export function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
