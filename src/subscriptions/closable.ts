/** Ends a generator also while it waits. */
import type { SentEvents } from '../domain/live-event.ts';

export type ClosableEvents<T> = AsyncIterableIterator<T, undefined> & SentEvents<T>;

/**
 * A generator that waits cannot be returned: `close` must make it go on, and end.
 * @param lost events that did not reach the generator so far
 * @param close called when the consumer leaves and when the generator has finished; harmless when called again
 */
export function closable<T>(
  events: AsyncGenerator<T, undefined>,
  lost: () => number,
  close: () => void,
): ClosableEvents<T> {
  const iterator: ClosableEvents<T> = {
    lost,
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
