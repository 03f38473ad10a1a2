/** For a server that runs no streams: what workers do is asked of them, and what only they can do is refused with who can. */
import { createIngestAddresses } from '../../access/ingest-addresses.ts';
import { MienError } from '../../errors.ts';
import { createRecordedFiles } from '../../ingest/recorded-files.ts';
import { RemoteStreams, type Workers } from '../../sessions/index.ts';
import type { OpenParts } from '../open-parts.ts';
import type { Work } from './api-parts.ts';
import { createWorkers, loadElsewhere, modelsElsewhere, outputElsewhere } from './ask-workers.ts';
import { openOutputs, tellingRemoved } from './output-parts.ts';
import type { Base } from './shared-parts.ts';
import { tellingTags } from './telling-tags.ts';

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
      assertAble: () => Promise.reject(notHere(NO_PICTURES)),
      watch() {
        throw notHere(NO_PICTURES);
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
  const streams = tellingRemoved(tellingTags(store.streams, bus), onRemoved);
  return new RemoteStreams({
    ...{ streams, sessions: store.sessions, sink: store.moments },
    ...{ publisher, uploads, workers, log, readTags: store.streams.readTags },
    allowPurposes: config.allowPurposes,
  });
}

function sendersElsewhere({ ingestStreams }: Base['store']): Pick<Work, 'senders' | 'ingestAddresses'> {
  const addresses = createIngestAddresses(ingestStreams);
  return {
    ingestAddresses: { renew: () => Promise.reject(new MienError('CONFLICT', NO_VIDEO)) },
    senders: {
      find: (secret, client) => addresses.find(secret, client),
      send: () => Promise.reject(new MienError('CONFLICT', NO_VIDEO)),
      drop() {},
    },
  };
}

const NO_PICTURES =
  'Pictures are shown by the server that runs the stream, and this one (`mien api`) runs none: a `mien serve` shows those of its own.';
const NO_VIDEO =
  'Video that is sent to mien is taken by the `mien serve` that runs the stream, at its own address; this server (`mien api`) takes none.';

function notHere(sentence: string): MienError {
  return new MienError('NOT_FOUND', sentence);
}
