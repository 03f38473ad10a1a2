/** Addresses that video is sent to: whoever knows the secret in one may send to its stream, and nothing else. */
import { randomBytes } from 'node:crypto';
import { hasExpired } from '../domain/access.ts';
import { MienError } from '../errors.ts';
import { TooManyGuesses } from './authenticate.ts';
import type { IngestStream, IngestStreamStore } from './ports.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { hashOf } from './token-format.ts';

const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

export interface IssuedAddress {
  /** To be shown once: it is kept nowhere. */
  secret: string;
  /** When it ends by itself; null: it does not. */
  expiresAt: Date | null;
}

export interface IngestAddresses {
  /** Makes the address of a stream; the one that it had before ends. @throws MienError NOT_FOUND, BAD_INPUT */
  renew(streamId: string, expiresAt: Date | null): Promise<IssuedAddress & { stream: IngestStream }>;
  /**
   * @param client who is counted as one client
   * @throws MienError NOT_FOUND; TooManyGuesses
   */
  find(secret: string, client: string): Promise<IngestStream>;
  /** @throws MienError BAD_INPUT at an end that has passed */
  assertInFuture(expiresAt: Date | null): void;
  /** Whether its address has ended by itself. */
  hasExpired(stream: Pick<IngestStream, 'expiresAt'>): boolean;
}

export function createIngestAddresses(
  store: IngestStreamStore,
  { throttle = createThrottle(), now = () => Date.now() }: { throttle?: Throttle; now?: () => number } = {},
): IngestAddresses {
  const assertInFuture = (expiresAt: Date | null) => {
    if (hasExpired({ expiresAt }, now()))
      throw new MienError('BAD_INPUT', 'An address must expire in the future.');
  };
  return {
    assertInFuture,
    hasExpired: (stream) => hasExpired(stream, now()),
    async renew(streamId, expiresAt) {
      assertInFuture(expiresAt);
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const stream = await store.setAddress(streamId, { hash: hashOf(secret), expiresAt });
      if (stream === null) throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
      return { secret, expiresAt, stream };
    },
    async find(secret, client) {
      // By its hash: how long that takes tells nothing of the secrets that there are.
      const stream = SECRET.test(secret) ? await store.byAddress(hashOf(secret)) : null;
      if (stream !== null && !hasExpired(stream, now())) return stream;
      const wait = throttle.failed(client, null);
      if (wait > 0) throw new TooManyGuesses(wait, 'This is no address to send to');
      throw noSuchAddress();
    },
  };
}

export function noSuchAddress(): MienError {
  return new MienError(
    'NOT_FOUND',
    'No stream is at this address to send to: it is wrong, has expired, or was renewed. `renewIngestAddress` makes another.',
  );
}
