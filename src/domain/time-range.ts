/** A stretch of time by one of the two clocks of a session. */

/** `from` included, `to` excluded: milliseconds since the epoch, or seconds of media time; infinite where it is open. */
export interface TimeRange {
  clock: 'WALL' | 'MEDIA';
  from: number;
  to: number;
}
