/** Keeps what is asked for often from being done too often. */

/**
 * The work is done at once when it is called for, but not again within so many milliseconds of its end: then once behind them.
 * @param {number} ms
 * @param {() => Promise<void>} work
 * @param {(problem: unknown) => void} onProblem
 * @returns {() => void}
 */
export function throttle(ms, work, onProblem) {
  let [busy, again] = [false, false];
  const rest = () => {
    busy = false;
    if (again) call();
  };
  const call = () => {
    again = busy;
    if (busy) return;
    busy = true;
    void work()
      .catch(onProblem)
      .then(() => setTimeout(rest, ms));
  };
  return call;
}

/**
 * The work is done once nothing has called for it for so many milliseconds.
 * @param {number} ms
 * @param {() => void} work
 * @returns {() => void}
 */
export function debounce(ms, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}
