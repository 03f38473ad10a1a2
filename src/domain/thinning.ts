/**
 * Of every stretch of media time, one moment: stretches are counted from 0, so that the same moments are left out for
 * whoever asks, wherever they begin.
 */

/** What `stretchOf` computes, in SQL, digit for digit. @param every milliseconds */
export function stretchSql(mediaTime: string, every: number): string {
  return `floor((${mediaTime} + ${ROUNDING}::float8) * 1000 / ${every}::float8)`;
}

/** Media times are whole microseconds, told as seconds: what is computed of them may be less than that off. */
const ROUNDING = 1e-7;

/** Whether two media times, in seconds, lie in the same stretch of `every` milliseconds. */
export function inSameStretch(one: number, other: number, every: number): boolean {
  return stretchOf(one, every) === stretchOf(other, every);
}

export function stretchOf(mediaTime: number, every: number): number {
  return Math.floor(((mediaTime + ROUNDING) * 1000) / every);
}

/** In seconds of media time. */
export function beginningOfStretch(mediaTime: number, every: number): number {
  return (stretchOf(mediaTime, every) * every) / 1000;
}
