/** `mien serve`: opens the parts one upon the other, runs until asked to end, and closes them in reverse. */
import { DEMO_SUBSCRIPTION, openApi, readPersistedDocuments } from '../../api/index.ts';
import { OrderedPublisher } from '../../bus/index.ts';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import type { ConfinementLevel, Ingest } from '../../ingest/index.ts';
import { createLog } from '../../log.ts';
import { createMetrics } from '../../metrics.ts';
import { isAway, type Store } from '../../store/index.ts';
import { settledWithin } from '../../threads/settled-within.ts';
import type { Host } from '../host.ts';
import { OpenParts } from '../open-parts.ts';
import { openBus } from './bus-parts.ts';
import { registerDemo } from './demo.ts';
import { describeRetention } from './describe-retention.ts';
import { openOutputs } from './output-parts.ts';
import { openPreviews } from './previews.ts';
import { createReadiness } from './readiness.ts';
import { noteServer } from './running-server.ts';
import {
  apiAccess,
  apiSettings,
  assertPortFree,
  createAuditTrail,
  createLoadControl,
  createStreamManager,
  type ManagerParts,
  makeDirectories,
  openAccess,
  openServerStore,
  openServices,
  openUploads,
} from './server-parts.ts';
import { logFfmpeg, logFfmpegLines, openIngest, openVision, storeModels, visionMetrics } from './services.ts';
import { takeLease } from './take-lease.ts';
import { tellNotice } from './tell-notice.ts';

/** Sources stopped, moments stored, sockets closed: all of it. */
const DRAIN_MS = 9_500;
/** Longest wait for a part that is being opened when the end is asked for. */
const OPENING_MS = 2_000;

/** Serves until the process is asked to end; gives the exit code. @throws MienError what kept it from starting */
export async function serve(config: Config, host: Host): Promise<number> {
  const log = createLog(config);
  const parts = new OpenParts(log);
  const opening = openServer(config, log, parts);
  const stopped = host.stopped.then((signal) => ({ signal }));
  try {
    const first = await Promise.race([opening, stopped]);
    if ('url' in first) host.stdout.write(greeting(first, config));
    const { signal } = await stopped;
    log.info({ signal }, 'stopping: sources first, then what waits to be stored, then sockets');
  } catch (error) {
    await parts.closeAll();
    throw error;
  }
  const late = setTimeout(() => {
    log.error({}, 'not everything closed in time');
    host.exit(1);
  }, DRAIN_MS);
  await parts.closeAll();
  // Asked to end while it started: the part that was being opened is waited for a little, then left.
  await settledWithin(opening, OPENING_MS);
  await parts.closeAll();
  clearTimeout(late);
  log.info({}, 'stopped');
  return 0;
}

interface Serving {
  /** Where it can be reached. */
  url: string;
  /** For how long it keeps recordings, in a sentence. */
  retention: string;
  /** Whether who asks must show who they are. */
  isAuthRequired: boolean;
}

async function openServer(config: Config, log: Log, parts: OpenParts): Promise<Serving> {
  const persistedDocuments = await checkFirst(config);
  const metrics = parts.add(createMetrics());
  const store = parts.add(await openServerStore(config, metrics, log));
  const audit = parts.add(createAuditTrail(store, metrics, log));
  const access = await openAccess(config, store, audit, log);
  const vision = parts.add(await openVision(config, { metrics: visionMetrics(metrics), measure: true, log }));
  const ingest = parts.add(openLoggedIngest(config, log));
  const sourceConfinement = await tellIngest(ingest, log);
  const bus = parts.add(await openBus(config, store, metrics, log));
  await makeDirectories(config);
  const uploads = parts.add(openUploads(config, store, log));
  const outputs = parts.add(await openOutputs({ store, bus: bus.own, metrics, audit, log }));
  const opened = { config, metrics, store, vision, ingest, bus, uploads, outputs, log };
  const rooms = { ...opened, ...openLive(opened) };
  const streamManager = createStreamManager(rooms);
  const modelIds = await storeModels(store, vision);
  await takeLease(metrics, store, streamManager);
  const { senders, ...own } = openServices(rooms, streamManager);
  const services = { ...own, audit, tokens: access.tokens, modelIds };
  const api = parts.add(
    await openApi({
      ...{ services, senders, persistedDocuments, log, metrics, isStoreAway: isAway },
      ...{ ...apiSettings(config, store), ...apiAccess(access) },
      ...{ ready: createReadiness(config, store, streamManager), standing: bus.standing },
      health: () => ({ sourceConfinement, ...decodingHealth(ingest) }),
    }),
  );
  parts.add(await noteServer(config.dataDir, { ...api.local, credential: access.commandCredential }));
  parts.add(services.eraser);
  // Last, so that it is closed first: its sessions drain while all that they need is open.
  parts.add(streamManager);
  await api.warmUp().catch((error: unknown) => log.warn({ err: error }, 'the first requests will be slow'));
  await services.eraser.resume();
  await streamManager.desired.restore();
  if (config.demo) await registerDemo(store, streamManager, config, log);
  log.info({ url: api.url, models: modelIds }, 'serving');
  const isAuthRequired = await access.authenticator.isRequired();
  return { url: api.url, retention: tellPrivacy(config, store, log), isAuthRequired };
}

/** What sessions share: how much there is to do, those who listen, and those who look. */
function openLive(parts: Pick<ManagerParts, 'config' | 'metrics' | 'vision' | 'bus' | 'ingest' | 'log'>) {
  const { config, metrics, vision, bus, ingest, log } = parts;
  return {
    load: createLoadControl(config, metrics, vision, log),
    publisher: new OrderedPublisher(bus.all),
    previews: openPreviews(ingest, metrics, log),
  };
}

/** What can be known to be wrong before anything is opened. @returns the documents that may be asked; null: any */
async function checkFirst(config: Config) {
  await assertPortFree(config);
  return readPersistedDocuments(config.persistedDocuments);
}

function openLoggedIngest(config: Config, log: Log): Ingest {
  const onCaution = (sentence: string) => log.warn({}, sentence);
  return openIngest(config, { onLog: logFfmpegLines(config, log), onCaution });
}

/** Which ffmpeg decodes, and what holds it. */
async function tellIngest(ingest: Ingest, log: Log): Promise<ConfinementLevel> {
  await logFfmpeg(ingest, log);
  const sourceConfinement = await ingest.confinement();
  log.info({ sourceConfinement }, CONFINED[sourceConfinement]);
  return sourceConfinement;
}

/** @returns for how long recordings are kept, in a sentence */
function tellPrivacy(config: Config, { retentionHours }: Store, log: Log): string {
  tellNotice(config, log);
  const sentence = describeRetention(retentionHours);
  log.info({ retentionHours }, sentence);
  return sentence;
}

const CONFINED: Record<ConfinementLevel, string> = {
  landlock: 'the kernel lets ffmpeg reach our proxy alone, and nothing for files',
  seccomp: 'the kernel lets ffmpeg reach nothing for files; for addresses our proxy holds where it gets',
  proxy: 'our proxy alone holds where ffmpeg gets: this system, or a setting, has nothing stronger',
};

/** @returns what decodes video, and, where that is not what was asked for, why */
function decodingHealth(ingest: Pick<Ingest, 'decoding'>): Record<string, string> {
  const { by, caution } = ingest.decoding();
  return { decoding: by, ...(caution !== null && { decodingCaution: caution }) };
}

function greeting({ url, retention, isAuthRequired }: Serving, { persistedDocuments }: Config): string {
  return `
mien serves at ${url}/graphql
${retention}${isAuthRequired ? `\n${SIGN_IN}` : ''}
${persistedDocuments === null ? TRY : LISTED}

To watch, open in a browser:

  ${url}/

`;
}

const TRY = `Programs ask there by GraphQL; to try it, open the address in a browser, and paste:

${DEMO_SUBSCRIPTION}`;
const LISTED = 'Programs may ask there what MIEN_PERSISTED_DOCUMENTS lists.';

const SIGN_IN =
  'This server asks who you are: sign in at the dashboard first. `mien token create` makes a token.';
