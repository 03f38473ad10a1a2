/** Who may send video to a stream, whichever way it comes: who knows the address. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { noSuchAddress } from '../../access/ingest-secrets.ts';
import type { IngestStream } from '../../access/ports.ts';
import { type Actor, type Audit, type AuditEvent, UNKNOWN_ACTOR } from '../../domain/audit.ts';
import { MienError } from '../../errors.ts';
import { clientKey } from '../admission/client-key.ts';
import { addressOf } from '../auth/auth.ts';
import type { ProxiedAddress } from '../auth/proxied-address.ts';
import type { Senders } from '../context/push-port.ts';

export interface ReceiveOptions {
  /** Without them nobody can. */
  senders?: Senders;
  remote: Pick<ProxiedAddress, 'addressOf'>;
  audit: Audit;
  /** Told of each who is not let in. */
  onRefused: (code: string) => void;
}

/**
 * Resolves when all that was sent was analysed.
 * @param path of the address, whose last part is the secret
 * @param onTaken called when it begins to be analysed
 * @throws MienError NOT_FOUND; TooManyGuesses; CONFLICT; STORE_UNAVAILABLE; and how the source of the session ended
 */
export type ReceiveVideo = (
  request: IncomingMessage,
  path: string,
  body: Readable,
  onTaken?: () => void,
) => Promise<void>;

const NO_SENDERS: Senders = {
  find: () => Promise.reject(noSuchAddress()),
  send: async () => {},
  hasExpired: () => false,
  drop() {},
};

/** Between two looks at whether an address has expired that somebody sends to. */
const WATCH_MS = 5_000;

export function createReceiveVideo({
  senders = NO_SENDERS,
  remote,
  audit,
  onRefused,
}: ReceiveOptions): ReceiveVideo {
  return async (request, path, body, onTaken = () => {}) => {
    const from = remote.addressOf(request);
    const tell = (principal: Actor, event: Omit<AuditEvent, 'requester'>) =>
      void audit.record({ requester: { principal, address: addressOf(from) }, ...event });
    const [, , secret = ''] = path.split('/');
    const stream = await senders.find(secret, clientKey(from)).catch((error: unknown) => {
      tellRefusal(error, onRefused, (code) => tell(UNKNOWN_ACTOR, { ...ACCESS, outcome: 'REFUSED', code }));
      throw error;
    });
    const target = { type: 'STREAM', id: stream.id, name: stream.name } as const;
    const event = { action: 'INGEST', target } as const;
    const sender: Actor = { kind: 'UNKNOWN', id: stream.id, name: 'whoever has the address to send to' };
    let isTaken = false;
    const endWatch = watchExpiry(stream, senders);
    try {
      await senders.send(stream, body, () => {
        isTaken = true;
        tell(sender, { ...event, outcome: 'OK' });
        onTaken();
      });
    } catch (error) {
      if (!isTaken)
        tellRefusal(error, onRefused, (code) => tell(sender, { ...event, outcome: 'REFUSED', code }));
      throw error;
    } finally {
      endWatch();
    }
  };
}

/** Without the secret. */
const ACCESS = { action: 'ACCESS', target: { type: 'PATH', id: '/ingest', name: null } } as const;

function tellRefusal(error: unknown, ...hearers: ((code: string) => void)[]): void {
  if (error instanceof MienError) for (const hear of hearers) hear(error.code);
}

/** @returns what ends it */
function watchExpiry(stream: IngestStream, senders: Senders): () => void {
  if (stream.expiresAt === null) return () => {};
  const timer = setInterval(() => {
    if (senders.hasExpired(stream)) senders.drop(stream, noSuchAddress());
  }, WATCH_MS);
  return () => clearInterval(timer);
}
