/** What GraphQL libraries are handed in place of results, which go to the socket without them. */
import type { Subscriber } from './subscriber.ts';

/**
 * An iterator without values. Leaving it closes the subscriber.
 * @param over settles with the subscription, as the iterator then does
 */
export function emptyIterator(
  subscriber: Subscriber,
  over: Promise<void>,
): AsyncGenerator<never, void, void> {
  const leave = async (): Promise<IteratorReturnResult<void>> => {
    subscriber.close();
    return { done: true, value: undefined };
  };
  return {
    next: () => over.then(() => ({ done: true, value: undefined }) as const),
    return: leave,
    throw: async (error: unknown) => {
      await leave();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
