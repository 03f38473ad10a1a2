/** How long a session waits, and how much of it may be under way. */
export interface SessionLimits {
  /** First wait before a live source is opened again; doubles to thirty times this. */
  reopenMs: number;
  /** Wait before a store that is away is asked again. */
  storeRetryMs: number;
  /** Longest wait for the store when the session ends. */
  drainMs: number;
  /** A session that has run so long is not why its server may crash later. */
  stableMs: number;
  /** Moments on their way to the store. */
  maxUncommitted: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  reopenMs: 1000,
  storeRetryMs: 250,
  drainMs: 8000,
  stableMs: 60_000,
  maxUncommitted: 256,
};
