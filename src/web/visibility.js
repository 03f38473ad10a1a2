/** A page that nobody sees asks for nothing: browsers give one server few connections, which its tabs share. */

/**
 * Runs `start` while the page can be seen, and what it gave back when it no longer can.
 * @param {(hiddenMs: number) => () => void} start is told for how long the page was hidden before; 0 at first
 * @returns {() => void} ends it for good
 */
export function whileVisible(start) {
  let hiddenAt = performance.now();
  /** @type {(() => void) | null} */
  let stop = null;
  const change = () => {
    if (document.hidden === (stop === null)) return;
    if (stop === null) stop = start(performance.now() - hiddenAt);
    else {
      stop();
      [stop, hiddenAt] = [null, performance.now()];
    }
  };
  document.addEventListener('visibilitychange', change);
  change();
  return () => {
    document.removeEventListener('visibilitychange', change);
    stop?.();
    stop = null;
  };
}
