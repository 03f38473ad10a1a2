/** Who is told what becomes of a lease. */
export interface LeaseWatcher {
  /** How many run here, or are being begun. */
  readonly sessions: number;
  /** It will have run out in a moment, and others are there, who may take over then. */
  lapsed(): void;
  /** Nobody took over: it goes on. */
  renewed(): void;
  /** Others took over; all that this server ran is to end. They cannot store anything. Never rejects. */
  lost(): Promise<void>;
  /** Another's lease has run out, a stream that should run does not, one runs here and should not, or is not this server's any more, or is and does not run here. */
  lookAround(): void;
}
