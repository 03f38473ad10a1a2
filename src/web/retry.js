/** Retries what a broken connection ended, with exponential backoff. */

/** The first and the longest pause between two attempts. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Codes of errors that may be gone at the next attempt. */
const TRANSIENT_CODES = [
  ...['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'TOO_MANY_SUBSCRIPTIONS', 'TOO_MANY_REQUESTS'],
  ...['TOO_MANY_CONNECTIONS', 'TOO_MANY_CONNECTIONS_FROM_ADDRESS'],
];
/** So often in a row the server may go wrong: what stays wrong then is no accident, and each try is logged there. */
const MAX_INTERNAL = 5;

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
  let internal = 0;
  const recovered = () => {
    failures = 0;
    internal = 0;
  };
  while (!signal.aborted) {
    try {
      return await attempt(recovered);
    } catch (error) {
      if (signal.aborted) return;
      if (codeOf(error) === 'INTERNAL') internal += 1;
      if (!isTransient(error, internal)) throw error;
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

/**
 * @param {unknown} error
 * @param {number} internal how often in a row the server went wrong
 */
function isTransient(error, internal) {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code === 'INTERNAL') return internal < MAX_INTERNAL;
  return error.name === 'ConnectionLost' || TRANSIENT_CODES.includes(code);
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
