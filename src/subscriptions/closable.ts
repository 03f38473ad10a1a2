/** Ends a generator also while it waits. */

/**
 * A generator that waits cannot be returned: `close` must make it go on, and end.
 * @param close called when the consumer leaves and when the generator has finished; harmless when called again
 */
export function closable<T>(
  events: AsyncGenerator<T, undefined>,
  close: () => void,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    async next() {
      const result = await events.next();
      if (result.done) close();
      return result;
    },
    async return() {
      close();
      await events.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
