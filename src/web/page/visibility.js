/** Stops the page's requests while its tab is hidden: browsers share few connections to one server among all tabs. */

/**
 * Calls `start` whenever the page becomes visible, and the function that it returned when the page is hidden.
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
