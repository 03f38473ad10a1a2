/** What carries messages from server to server; `nats.ts` is one. */

export interface TransportHandlers {
  /** A message of any server, perhaps of this one. */
  onMessage(bytes: Uint8Array): void;
  /** It carries from now on; what was sent before may be lost. */
  onUp(): void;
  onDown(): void;
}

export interface Transport {
  /** Whether what is sent now is carried; it may be lost all the same. */
  readonly isUp: boolean;
  /** Never waits. Call it only while it is up: nothing is kept. @param path of the subject, behind what all share */
  send(path: readonly string[], bytes: Uint8Array): void;
  close(): Promise<void>;
}

export type OpenTransport = (handlers: TransportHandlers) => Transport;
