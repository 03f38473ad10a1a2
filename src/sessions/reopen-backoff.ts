/** How long to wait before a live source is opened again (after Frigate's supervision). */

export interface Backoff {
  /** It crashed: milliseconds to wait. Doubles from one second to thirty while nothing works. */
  crashed(): number;
  /** It delivers frames: the next crash waits a second again, unless it crashes time after time. */
  works(): void;
}

const SHORTEST = 1000;
const LONGEST = 30_000;
/** So many crashes within a minute slow it down, also when frames came in between. */
const MANY = 5;
const MINUTE = 60_000;

/** @param now milliseconds of a clock that does not jump */
export function createBackoff(now: () => number, unit = SHORTEST): Backoff {
  let inARow = 0;
  let crashes: number[] = [];
  return {
    crashed() {
      const time = now();
      crashes = [...crashes.filter((at) => time - at < MINUTE), time];
      const doubled = unit * 2 ** Math.min(inARow, 10);
      inARow += 1;
      const longest = (LONGEST / SHORTEST) * unit;
      return crashes.length >= MANY ? longest : Math.min(doubled, longest);
    },
    works() {
      inARow = 0;
    },
  };
}
