/** What carries messages from server to server; `nats.ts` is one. */

export interface TransportHandlers {
  /** A message of any server, perhaps of this one. @param traceparent of what is followed: where its trace stands */
  onMessage(bytes: Uint8Array, traceparent?: string): void;
  /** It carries from now on; what was sent before may be lost. */
  onUp(): void;
  onDown(): void;
}

export interface Transport {
  /** Whether what is sent now is carried; it may be lost all the same. */
  readonly isUp: boolean;
  /**
   * Never waits. Call it only while it is up: nothing is kept.
   * @param path of the subject, behind what all share
   * @param traceparent of what is followed: where its trace stands. Servers of a version that knows of none leave it unread
   */
  send(path: readonly string[], bytes: Uint8Array, traceparent?: string): void;
  close(): Promise<void>;
}

export type OpenTransport = (handlers: TransportHandlers) => Transport;
