/** Those who send video find their stream here, and its running session. */
import { createIngestAddresses } from '../../access/ingest-secrets.ts';
import type { IngestAddresses, Senders } from '../../api/index.ts';
import { MienError } from '../../errors.ts';
import type { Ingest } from '../../ingest/index.ts';
import type { StreamManager } from '../../sessions/index.ts';
import { isAway, type Store } from '../../store/index.ts';
import { serverOfStream } from './where-it-runs.ts';

export interface SenderParts {
  store: Pick<Store, 'ingestStreams' | 'clock' | 'sessions'>;
  ingest: Pick<Ingest, 'inlets'>;
}

export function openSenders(
  { store, ingest: { inlets } }: SenderParts,
  streams: Pick<StreamManager, 'running' | 'closing'>,
): { senders: Senders; ingestAddresses: IngestAddresses } {
  const addresses = createIngestAddresses(store.ingestStreams, store.clock);
  const assertRunning = async (id: string, name: string) => {
    if (streams.closing) throw shuttingDown();
    if (streams.running().some(({ streamId }) => streamId === id)) return;
    throw notRunning(name, await serverOfStream(store.sessions, id).catch(sayIfAway));
  };
  return {
    ingestAddresses: {
      assertInFuture: addresses.assertInFuture,
      async renew(streamId, expiresAt) {
        const { stream, ...issued } = await addresses.renew(streamId, expiresAt);
        inlets.drop(stream.inlet, renewed());
        return issued;
      },
    },
    senders: {
      find: (secret, client) => addresses.find(secret, client).catch(sayIfAway),
      async send({ id, name, inlet }, body, onTaken) {
        await assertRunning(id, name);
        // A server that ends stops its sessions first, which is not what their senders have to know.
        await inlets.send(inlet, body, onTaken).catch((error: unknown) => {
          throw streams.closing ? shuttingDown() : error;
        });
      },
      hasExpired: addresses.hasExpired,
      drop: ({ inlet }, why) => inlets.drop(inlet, why),
    },
  };
}

function sayIfAway(error: unknown): never {
  if (!isAway(error)) throw error;
  throw new MienError('STORE_UNAVAILABLE', 'The database does not answer. Try again in a moment.', {
    cause: error,
  });
}

/** @param server that runs it; null: none does */
function notRunning(name: string, server: string | null): MienError {
  const sentence =
    server === null
      ? `The stream ${name} does not run: start it, then send again.`
      : `The stream ${name} runs at another server (${server}), which alone takes its video: send to that one's address.`;
  return new MienError('CONFLICT', sentence);
}

function shuttingDown(): MienError {
  return new MienError('SHUTTING_DOWN', 'The server is stopping. Send again in a moment.');
}

function renewed(): MienError {
  return new MienError(
    'NOT_FOUND',
    'This stream has a new address, by which alone video can be sent to it now.',
  );
}
