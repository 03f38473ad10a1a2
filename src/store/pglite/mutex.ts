/** One holder at a time; those who wait go in the order in which they asked. */
export interface Mutex {
  /** Resolves when it is the caller's, to what gives it back. */
  acquire(): Promise<() => void>;
  /** Holds it while `work` runs. */
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
}

export function createMutex(): Mutex {
  let released: Promise<void> = Promise.resolve();
  const acquire = (): Promise<() => void> => {
    const releasedBefore = released;
    let release = () => {};
    released = new Promise((resolve) => {
      release = resolve;
    });
    return releasedBefore.then(() => release);
  };
  return {
    acquire,
    async runExclusive(work) {
      const release = await acquire();
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
