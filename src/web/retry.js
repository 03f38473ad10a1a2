/** Trying again what a broken connection ended, at growing intervals. */

/** First and longest pause, in milliseconds. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Answers of the server that another try may not meet. */
const TRANSIENT_CODES = ['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'INTERNAL', 'TOO_MANY_SUBSCRIPTIONS'];

/** @typedef {(ms: number, signal: AbortSignal) => Promise<void>} Pause */

/**
 * Runs `attempt` until it comes to its end, or `signal` aborts. An attempt calls `recovered` once things go well.
 * @param {(recovered: () => void) => Promise<void>} attempt
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(lost: { reason: string, retryMs: number }) => void} options.onLost
 * @param {Pause} [options.pause]
 * @throws what another try would meet again
 */
export async function retry(attempt, { signal, onLost, pause = wait }) {
  let failures = 0;
  const recovered = () => {
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      return await attempt(recovered);
    } catch (error) {
      if (signal.aborted) return;
      if (!isTransient(error)) throw error;
      const retryMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++);
      onLost({ reason: messageOf(error), retryMs });
      await pause(retryMs, signal);
    }
  }
}

/** @param {unknown} error */
export function codeOf(error) {
  return /** @type {{ code?: string } | null} */ (error)?.code ?? '';
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {unknown} error */
function isTransient(error) {
  return (
    error instanceof Error && (error.name === 'ConnectionLost' || TRANSIENT_CODES.includes(codeOf(error)))
  );
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function wait(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
