/** What clients ask for: GraphQL, uploads, exports, the dashboard; the same whether streams run here or elsewhere. */
import { type ApiOptions, openApi, type Senders, type Services } from '../../api/index.ts';
import type { LiveEvent } from '../../domain/live-event.ts';
import type { RecordedFiles } from '../../ingest/recorded-files.ts';
import { Eraser, refusedPurposes, type StreamManager } from '../../sessions/index.ts';
import { isAway } from '../../store/index.ts';
import { createSubscriptions } from '../../subscriptions/index.ts';
import type { OpenParts } from '../open-parts.ts';
import { bringDemoClip } from './demo-clip.ts';
import { createReadiness } from './readiness.ts';
import { bucketsOf, createRecordingQueries } from './recording-queries.ts';
import { noteServer } from './running-server.ts';
import { apiAccess, apiSettings } from './server-parts.ts';
import type { Base } from './shared-parts.ts';
import { uploadFilesOf, uploadPlaceOf } from './upload-places.ts';

/** What runs streams, here (`local-streams.ts`) or at workers that are asked (`remote-streams.ts`). */
export interface Work
  extends Pick<Services, 'streamManager' | 'load' | 'outputs' | 'previews' | 'modelIds' | 'ingestAddresses'> {
  /** What runs here, and whether nothing more is begun. */
  runs: Pick<StreamManager, 'running' | 'closing'>;
  senders: Senders;
  files: RecordedFiles;
  /** Lets go of what waits for outputs and was erased. */
  forget(isGone: (event: LiveEvent) => boolean): void;
  /** What `/health` tells of it. */
  health(): Readonly<Record<string, string>>;
  /** From now on it does what should be done; all that it needs is open. @param first done before, and cut off when the server ends */
  begin(first: () => Promise<void>): Promise<void>;
}

export function createEraser({ store, uploads, log, bus, publisher }: Base, work: Work): Eraser {
  const { streamManager, runs } = work;
  const eraser = new Eraser({
    ...{ erasures: store.erasures, uploads, log, tell: bus.tellErased },
    streams: {
      running: () => runs.running(),
      stop: (id) => streamManager.stop(id),
      remove: (id) => streamManager.remove(id),
    },
    forget(isGone) {
      publisher.forget(isGone);
      work.forget(isGone);
    },
  });
  bus.whenErased((steps) => eraser.letGo(steps));
  return eraser;
}

function createServices(base: Base, work: Work, eraser: Eraser): Services {
  const { config, store, bus, audit, access, uploads } = base;
  const { prisma, streams, sessions, moments } = store;
  const { senders: _, runs: _1, files, ...working } = work;
  return {
    ...{ ...working, ...files, prisma, sessions, eraser, audit, tokens: access.tokens },
    bringDemoClip: () => bringDemoClip(uploadPlaceOf(uploads, config)),
    refusedPurposes: refusedPurposes(config.allowPurposes),
    recordings: createRecordingQueries(store),
    subscriptions: createSubscriptions({
      ...{ streams, sessions, history: moments, log: store.log, feed: bus.all },
      buckets: bucketsOf(store),
      now: store.clock.now,
    }),
  };
}

export interface Front {
  /** Where it can be reached. */
  url: string;
  /** Before streams are started. */
  prepare(): Promise<void>;
}

/** Listens. */
export async function openFront(
  base: Base,
  work: Work,
  eraser: Eraser,
  persistedDocuments: ApiOptions['persistedDocuments'],
  parts: OpenParts,
): Promise<Front> {
  const { config, store, bus, log, tracing, metrics, access, uploads } = base;
  const api = parts.add(
    await openApi({
      ...{ services: createServices(base, work, eraser), senders: work.senders },
      persistedDocuments: persistedDocuments ?? null,
      ...{ log, tracer: tracing?.operations, metrics, isStoreAway: isAway },
      ...{ ...apiSettings(config, store), ...apiAccess(access), uploads: uploadFilesOf(uploads, config) },
      ...{ ready: createReadiness(config, store, work.runs), standing: bus.standing, health: work.health },
    }),
  );
  parts.add(await noteServer(config.dataDir, { ...api.local, credential: access.commandCredential }));
  parts.add(eraser);
  return {
    url: api.url,
    async prepare() {
      await api
        .warmUp()
        .catch((error: unknown) => log.warn({ err: error }, 'the first requests will be slow'));
      await eraser.resume();
    },
  };
}
