/** A stretch of time by one of the two clocks of a session. */

/** `from` included, `to` excluded: milliseconds since the epoch, or seconds of media time; infinite where it is open. */
export interface TimeRange {
  clock: 'WALL' | 'MEDIA';
  from: number;
  to: number;
}

/** With an offset, so that it means the same everywhere. */
const WALL_TIME = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
/** The database knows no year 0. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');

/**
 * @param text a day, which is meant in UTC, or a time with its offset, as RFC 3339 has them; also without seconds
 * @returns milliseconds since the epoch; NaN: there is no such time
 */
export function parseWallTime(text: string): number {
  const [found, day = ''] = WALL_TIME.exec(text) ?? [];
  const [time, midnight] = [Date.parse(found ?? ''), Date.parse(day)];
  // A day that its month does not have would be taken for one of the next.
  const isDay = Number.isFinite(midnight) && new Date(midnight).toISOString().startsWith(day);
  return isDay && time >= EARLIEST ? time : Number.NaN;
}
