/** The clock by which what is recorded has its times: the database's, which its servers share, or this machine's, where one has it alone. */
export interface RecordClock {
  /** Whole milliseconds since the epoch. */
  now(): number;
  /** Whether it is the database's. What is thought of that may change, by which no session's times are to go back. */
  readonly isShared: boolean;
}

export const OWN_CLOCK: RecordClock = { now: () => Date.now(), isShared: false };
