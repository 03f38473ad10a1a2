/** Work under the same key runs one after the other, in the order of the calls; under different keys, side by side. */
export interface KeyedMutex {
  <T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when all that was asked for until now is over, either way. */
  settled(): Promise<void>;
}

export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>();
  const run = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
  return Object.assign(run, {
    async settled() {
      await Promise.allSettled(tails.values());
    },
  });
}
