/** For a server that runs no streams: what workers do is asked of them, and what only they can do is refused with who can. */
import { createIngestAddresses } from '../../access/ingest-secrets.ts';
import { MienError } from '../../errors.ts';
import { createRecordedFiles } from '../../ingest/recorded-files.ts';
import { RemoteStreams, type Workers } from '../../sessions/index.ts';
import type { OpenParts } from '../open-parts.ts';
import { announceTagChanges } from './announce-tag-changes.ts';
import type { Work } from './api-parts.ts';
import { createWorkers, loadElsewhere, modelsElsewhere, outputElsewhere } from './ask-workers.ts';
import { openOutputs, tellingRemoved } from './output-parts.ts';
import type { Base } from './shared-parts.ts';
import { serverOfSession, serverOfStream } from './where-it-runs.ts';

export async function openRemoteStreams(base: Base, parts: OpenParts): Promise<Work> {
  const { config, store, bus, uploads } = base;
  const requests = base.requests!;
  const onChanged = () => requests.tell('outputs');
  const outputs = parts.add(await openOutputs({ ...base, bus: bus.own, onChanged, isElsewhere: true }));
  const streamManager = createStreams(base, createWorkers(requests, store), onChanged);
  const runs = { running: () => [], closing: false };
  return {
    ...{ streamManager, runs, load: loadElsewhere(requests), ...sendersElsewhere(store) },
    outputs: {
      add: (output) => outputs.add(output),
      change: (id, changeOf) => outputs.change(id, changeOf),
      remove: (id) => outputs.remove(id),
      test: (id) => outputs.test(id),
      status: (id) => outputElsewhere(requests, id),
    },
    modelIds: () => modelsElsewhere(requests),
    files: createRecordedFiles({ ...config, bucket: uploads.bucket }),
    previews: {
      assertAble: async (id) => {
        throw notHere(noPictures(await serverOfSession(store.sessions, id)));
      },
      watch() {
        throw notHere(noPictures(null));
      },
    },
    forget() {},
    health: () => ({}),
    async begin(first) {
      parts.add({
        close() {
          runs.closing = true;
        },
      });
      await first();
    },
  };
}

function createStreams(
  { config, store, bus, publisher, uploads, log }: Base,
  workers: Workers,
  onRemoved: () => void,
): RemoteStreams {
  const streams = tellingRemoved(announceTagChanges(store.streams, bus), onRemoved);
  return new RemoteStreams({
    ...{ streams, sessions: store.sessions, sink: store.moments },
    ...{ publisher, uploads, workers, log, readTags: store.streams.readTags },
    allowPurposes: config.allowPurposes,
  });
}

function sendersElsewhere({
  ingestStreams,
  sessions,
  clock,
}: Base['store']): Pick<Work, 'senders' | 'ingestAddresses'> {
  const addresses = createIngestAddresses(ingestStreams, clock);
  return {
    ingestAddresses: {
      renew: async (id) => {
        throw new MienError('CONFLICT', noVideo(await serverOfStream(sessions, id)));
      },
      assertInFuture: addresses.assertInFuture,
    },
    senders: {
      find: (secret, client) => addresses.find(secret, client),
      send: async ({ id }) => {
        throw new MienError('CONFLICT', noVideo(await serverOfStream(sessions, id)));
      },
      hasExpired: addresses.hasExpired,
      drop() {},
    },
  };
}

/** @param server that runs it; null: none does */
function noPictures(server: string | null): string {
  const where = server === null ? 'it runs nowhere now' : `that is ${server}`;
  return `The picture of a stream is shown by the \`mien serve\` that runs it (${where}), at its own address; this server (\`mien api\`) runs none, and a \`mien worker\` shows none.`;
}

/** @param server that runs it; null: none does */
function noVideo(server: string | null): string {
  const where = server === null ? 'it runs nowhere now' : `that is ${server}`;
  return `Video that is sent to mien is taken by the \`mien serve\` that runs the stream (${where}), at its own address; this server (\`mien api\`) takes none.`;
}

function notHere(sentence: string): MienError {
  return new MienError('NOT_FOUND', sentence);
}
