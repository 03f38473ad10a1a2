/** Tries again what a broken connection ended, with exponential backoff and jitter. */
import { ConnectionLost, codeOf, messageOf } from './errors.ts';

/** The first and the longest pause between two attempts; each is shortened by chance, to half at most. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Codes of errors that may be gone at the next attempt. */
const TRANSIENT_CODES = [
  ...['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'ISSUER_UNAVAILABLE', 'TOO_MANY_SUBSCRIPTIONS'],
  ...['TOO_MANY_REQUESTS', 'TOO_MANY_CONNECTIONS', 'TOO_MANY_CONNECTIONS_FROM_ADDRESS'],
];
/** So often in a row the server may go wrong: what stays wrong then is no accident, and each try is logged there. */
const MAX_INTERNAL = 5;

export interface RetryOptions {
  signal: AbortSignal;
  /** Called before each pause. */
  onLost?: (lost: { reason: string; retryMs: number }) => void;
  /** Waits; left out: by the clock. Returns at once when `signal` is aborted. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Backoff {
  /** The next pause is short again. */
  recovered(): void;
  /** Waits before the next attempt. @throws the error itself, where trying again would not help */
  wait(error: unknown): Promise<void>;
}

export function createBackoff({ signal, onLost, pause = sleep }: RetryOptions): Backoff {
  let failures = 0;
  let internal = 0;
  return {
    recovered() {
      failures = 0;
      internal = 0;
    },
    async wait(error) {
      if (codeOf(error) === 'INTERNAL') internal += 1;
      if (!isTransient(error, internal)) throw error;
      // Not all that one server left behind come back at the same moment.
      const share = 1 - Math.random() / 2;
      const retryMs = Math.round(share * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++));
      onLost?.({ reason: messageOf(error), retryMs });
      await pause(retryMs, signal);
    },
  };
}

/**
 * Runs `attempt` until it ends without an error, or `signal` is aborted. An attempt calls `recovered` once it succeeds.
 *
 * @throws any other error of an attempt than a broken connection and what will pass
 */
export async function retry(
  attempt: (recovered: () => void) => Promise<void>,
  options: RetryOptions,
): Promise<void> {
  const backoff = createBackoff(options);
  while (!options.signal.aborted) {
    try {
      return await attempt(backoff.recovered);
    } catch (error) {
      if (options.signal.aborted) return;
      await backoff.wait(error);
    }
  }
}

/** @param internal how often in a row the server went wrong */
function isTransient(error: unknown, internal: number): boolean {
  const code = codeOf(error);
  if (code === 'INTERNAL') return internal < MAX_INTERNAL;
  return error instanceof ConnectionLost || TRANSIENT_CODES.includes(code);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
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
