/** How far a transfer is, and how long it will take, in words. */

/** Milliseconds of sending before a pace is told, and over which it is taken. */
const SETTLED_MS = 1_000;
const WINDOW_MS = 15_000;

/**
 * Of one file. What was there before it began (an upload that goes on) says nothing of the pace.
 * @param {number} bytes of the whole file
 * @param {() => number} [now]
 */
export function createPace(bytes, now = () => performance.now()) {
  /** @type {{ at: number, fraction: number }[]} */
  let points = [];
  return {
    /** @param {number} fraction of it that is there @returns {string} */
    tell(fraction) {
      const at = now();
      points = [...points.filter((point) => at - point.at <= WINDOW_MS), { at, fraction }];
      const whole = `${Math.floor(fraction * 100)} % of ${byteText(bytes)}`;
      const seconds = secondsLeft(points);
      return seconds === null || fraction === 1 ? whole : `${whole}, ${timeText(seconds)} left`;
    },
  };
}

/** @param {readonly { at: number, fraction: number }[]} points */
function secondsLeft(points) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || last.at - first.at < SETTLED_MS || last.fraction <= first.fraction) return null;
  return ((1 - last.fraction) * (last.at - first.at)) / (last.fraction - first.fraction) / 1000;
}

/** @param {number} seconds */
function timeText(seconds) {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 60) return `about ${Math.round(seconds / 5) * 5} s`;
  if (seconds < 5400) return `about ${Math.ceil(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

/** @param {number} bytes */
export function byteText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}
