/** So much work is under way at once; the rest waits its turn, in order. */
export interface Semaphore {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** From now on no more than this is under way, nor more than before; at least one. */
  limit(most: number): void;
}

export function createSemaphore(permits: number): Semaphore {
  const waiting: (() => void)[] = [];
  let [most, running] = [permits, 0];
  return {
    async run(work) {
      if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await work();
      } finally {
        // Whoever waits takes over, unless there are too many since `limit`.
        const next = running > most ? undefined : waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
    limit(allowed) {
      most = Math.max(1, Math.min(most, allowed));
    },
  };
}
