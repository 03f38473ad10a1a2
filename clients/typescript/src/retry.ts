/** Tries again what a broken connection ended, with exponential backoff and jitter. */
import { ConnectionLost, codeOf, messageOf } from './errors.ts';

/** The first and the longest pause between two attempts; each is shortened by chance, to half at most. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** So long must a connection stand to have succeeded: many a one is let in and ended at once. */
const LASTED_MS = 8_000;
/** Codes of errors that may be gone at the next attempt. */
const TRANSIENT_CODES = [
  ...['INTERNAL', 'SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'ISSUER_UNAVAILABLE', 'TOO_MANY_SUBSCRIPTIONS'],
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
  /** The connection stands: if it lasts, the next pause is short again. */
  opened(): void;
  /** Waits before the next attempt. @throws the error itself, where trying again would not help */
  wait(error: unknown): Promise<void>;
}

export function createBackoff({ signal, onLost, pause = sleep }: RetryOptions): Backoff {
  let failures = 0;
  let internal = 0;
  /** By `performance.now()`; null: this attempt has not opened. */
  let openedAt: number | null = null;
  return {
    opened() {
      openedAt ??= performance.now();
    },
    async wait(error) {
      if (openedAt !== null && performance.now() - openedAt >= LASTED_MS) [failures, internal] = [0, 0];
      openedAt = null;
      if (codeOf(error) === 'INTERNAL') internal += 1;
      if (!mayPass(error) || (codeOf(error) === 'INTERNAL' && internal >= MAX_INTERNAL)) throw error;
      // Not all that one server left behind come back at the same moment.
      const share = 1 - Math.random() / 2;
      const retryMs = Math.round(share * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++));
      onLost?.({ reason: messageOf(error), retryMs });
      await pause(retryMs, signal);
    },
  };
}

/**
 * Runs `attempt` until it ends without an error, or `signal` is aborted. An attempt calls `opened` once its
 * connection stands; the pauses grow until one has lasted for eight seconds.
 *
 * @throws any other error of an attempt than a broken connection and what will pass
 */
export async function retry(
  attempt: (opened: () => void) => Promise<void>,
  options: RetryOptions,
): Promise<void> {
  const backoff = createBackoff(options);
  while (!options.signal.aborted) {
    try {
      return await attempt(backoff.opened);
    } catch (error) {
      if (options.signal.aborted) return;
      await backoff.wait(error);
    }
  }
}

/** Whether the same may succeed another time: where the connection broke, and where the server is busy, ends or went wrong. */
export function mayPass(error: unknown): boolean {
  return error instanceof ConnectionLost || TRANSIENT_CODES.includes(codeOf(error));
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
