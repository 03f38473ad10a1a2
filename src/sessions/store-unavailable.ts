/** A store that is away for now, and how it is waited for. */
import { MienError } from '../errors.ts';

export interface StoreWaits {
  /** Milliseconds between offers to a store that is away. */
  retryMs: number;
  /** Aborts when there is no more time to wait for the store: the server ends. */
  giveUp: AbortSignal;
}

/** Whether what it refused may be offered again. */
export function isStoreUnavailable(error: unknown): boolean {
  return error instanceof MienError && error.code === 'STORE_UNAVAILABLE';
}
