/** What one request has the store do, of all its fields together. */

/** Sessions that are looked at, borders by the wall clock that are looked for, sums as they are stored and as they are made of those, seconds of which moments are read, and what is told: groups and buckets. */
export type WorkKind = 'sessions' | 'borders' | 'rollups' | 'sums' | 'seconds' | 'buckets';

export interface RequestBudget {
  /** Before it is done. @throws MienError QUERY_TOO_LARGE: it is more than one request may have done; CONFLICT: nobody waits any more */
  take(kind: WorkKind, amount: number): void;
  /** Between two statements. @throws MienError CONFLICT: nobody waits for the answer any more */
  assertWanted(): void;
}
