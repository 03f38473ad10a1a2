/** How long a session waits, and how much of it may be under way. */
export interface SessionTimeouts {
  /** First wait before a live source is opened again; doubles to thirty times this. */
  reopenMs: number;
  /** Wait before a store that is away is asked again. */
  storeRetryMs: number;
  /** Longest wait for the store when the server ends; until then a session waits as long as the store is away. */
  drainMs: number;
  /** Longest wait of those who stop, remove or start a stream for the end of its session. */
  stopMs: number;
  /** Another server is without its lease for so long before its session is ended here: whoever takes over comes first, and who was away. */
  goneMs: number;
  /** From one look at a session that another server ends to the next. */
  pollMs: number;
  /** Longest wait of a look at what should run for the store; then another begins, over another connection. */
  lookMs: number;
  /** A session that has run so long is not why its server may crash later. */
  stableMs: number;
  /** Moments on their way to the store. */
  maxUncommitted: number;
}

export const DEFAULT_TIMEOUTS: SessionTimeouts = {
  reopenMs: 1000,
  storeRetryMs: 250,
  drainMs: 8000,
  stopMs: 20_000,
  goneMs: 3_000,
  pollMs: 200,
  lookMs: 30_000,
  stableMs: 60_000,
  maxUncommitted: 256,
};
