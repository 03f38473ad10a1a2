/**
 * Does something at once, and then every so often, but never twice at a time; it keeps no process alive.
 * @param work told whether it is the first time; must not reject
 * @returns what stops it, and resolves when the work under way is done
 */
export function repeat(milliseconds: number, work: (isFirst: boolean) => Promise<void>): () => Promise<void> {
  let running = work(true);
  const timer = setInterval(() => {
    running = running.then(() => work(false));
  }, milliseconds);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
