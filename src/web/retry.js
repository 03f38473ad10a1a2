/** Retries what a broken connection ended, with exponential backoff. */

/** The first and the longest pause between two attempts. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Codes of errors that may be gone at the next attempt. */
const TRANSIENT_CODES = ['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'INTERNAL', 'TOO_MANY_SUBSCRIPTIONS'];

/** @typedef {(ms: number, signal: AbortSignal) => Promise<void>} Pause */

/**
 * Runs `attempt` until it ends without an error, or `signal` aborts. An attempt calls `recovered` once it succeeds,
 * so that the next pause is short again.
 * @param {(recovered: () => void) => Promise<void>} attempt
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(lost: { reason: string, retryMs: number }) => void} options.onLost
 * @param {Pause} [options.pause]
 * @throws any other error of an attempt: retrying would not help
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
