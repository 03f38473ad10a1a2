/** How long to wait before a live source is opened again (after Frigate's supervision). */
import { createBackoff } from '../threads/backoff.ts';

export interface ReopenBackoff {
  /** The source ended or failed: milliseconds to wait. Doubles up to thirty times the first while no frame comes. */
  failed(): number;
  /** It delivers frames: the next wait is the first again, unless it fails time after time. */
  delivers(): void;
}

const LONGEST = 30;
/** So many failures within a minute slow it down, also when frames came in between. */
const MANY = 5;
const MINUTE = 60_000;

/**
 * @param now milliseconds of a clock that does not jump
 * @param shortest the first wait, in milliseconds
 */
export function createReopenBackoff(now: () => number, shortest = 1000): ReopenBackoff {
  const longest = LONGEST * shortest;
  const backoff = createBackoff({ shortest, longest });
  let failures: number[] = [];
  return {
    failed() {
      const time = now();
      failures = [...failures.filter((at) => time - at < MINUTE), time];
      const doubled = backoff.next();
      return failures.length >= MANY ? longest : doubled;
    },
    delivers: () => backoff.reset(),
  };
}
