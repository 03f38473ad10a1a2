/** Days (UTC) of wall times, as days since the epoch. */

export const DAY_MS = 86_400_000;

export function dayOf(wallTime: number): number {
  return Math.floor(wallTime / DAY_MS);
}
