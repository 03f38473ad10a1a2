/** `return` of a generator that was never begun does not run its `finally`, so what feeds it is stopped here too. */
export function stopOnReturn<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  stop: () => Promise<void>,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    next: () => generator.next(),
    async return() {
      await stop();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
