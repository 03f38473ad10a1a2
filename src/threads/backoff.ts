/** Exponential backoff: each pause is twice the one before, up to a longest one, until something works again. */
export interface Backoff {
  /** It failed once more. @returns milliseconds to wait before the next try */
  next(): number;
  /** It works: the next failure waits the shortest pause again. */
  reset(): void;
}

/** @param pauses shortest and longest pause, in milliseconds */
export function createBackoff({ shortest, longest }: { shortest: number; longest: number }): Backoff {
  let pause = shortest;
  return {
    next() {
      const now = pause;
      pause = Math.min(pause * 2, longest);
      return now;
    },
    reset() {
      pause = shortest;
    },
  };
}
