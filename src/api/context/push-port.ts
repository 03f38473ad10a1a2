/** What the API needs of the rooms below it where video is sent to mien. */
import type { Readable } from 'node:stream';
import type { IssuedAddress } from '../../access/ingest-secrets.ts';
import type { IngestStream } from '../../access/ports.ts';
import type { MienError } from '../../errors.ts';

/** Addresses that video is sent to. */
export interface IngestAddresses {
  /**
   * Makes the address of a stream; the one that it had before ends, and who sends to it is cut off.
   * @throws MienError NOT_FOUND; BAD_INPUT: nobody sends to it, or it would have expired
   */
  renew(streamId: string, expiresAt: Date | null): Promise<IssuedAddress>;
  /** @throws MienError BAD_INPUT at an end that has passed */
  assertInFuture(expiresAt: Date | null): void;
}

/** Those who send video to streams. */
export interface Senders {
  /** @param client who is counted as one client @throws MienError NOT_FOUND, STORE_UNAVAILABLE; TooManyGuesses */
  find(secret: string, client: string): Promise<IngestStream>;
  /**
   * Resolves when what was sent was analysed to its end.
   * @param onTaken called when that begins
   * @throws MienError CONFLICT: another sends, or the stream does not run; and how its source ended
   */
  send(stream: IngestStream, body: Readable, onTaken: () => void): Promise<void>;
  /** Whether its address has ended by itself. */
  hasExpired(stream: IngestStream): boolean;
  /** Whoever sends to it is told why it may not any more. */
  drop(stream: IngestStream, why: MienError): void;
}
