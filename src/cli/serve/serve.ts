/** `mien serve`, `mien api`, `mien worker`: opens the parts one upon the other, runs until asked to end, and closes them in reverse. */
import { hostname } from 'node:os';
import { DEMO_SUBSCRIPTION, readPersistedDocuments } from '../../api/index.ts';
import { openProbes } from '../../api/probe-server.ts';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import type { Eraser } from '../../sessions/index.ts';
import { isAway, type Store } from '../../store/index.ts';
import { settledWithin } from '../../threads/settled-within.ts';
import type { Tracing } from '../../tracing/index.ts';
import { OpenParts } from '../open-parts.ts';
import type { Host } from '../process-host.ts';
import { createEraser, type Front, openFront, type Work } from './api-parts.ts';
import { describeRetention } from './describe-retention.ts';
import { openLogAndTracing } from './open-log-and-tracing.ts';
import { createReadiness } from './readiness.ts';
import { openRemoteStreams } from './remote-streams.ts';
import { assertShared, type Role } from './roles.ts';
import { apiAccess, apiSettings, assertPortFree } from './server-parts.ts';
import { type Base, openBase } from './shared-parts.ts';
import { warnNoticeUnset } from './warn-notice-unset.ts';

/** Sources stopped, moments stored, sockets closed: all of it. */
const DRAIN_MS = 9_500;
/** Longest wait for a part that is being opened when the end is asked for. */
const OPENING_MS = 2_000;

/** Serves until the process is asked to end; gives the exit code. @throws MienError what kept it from starting */
export async function serve(config: Config, host: Host, role: Role = 'ALL'): Promise<number> {
  const server = `${hostname()} ${host.pid}`;
  const { log, tracing } = await openLogAndTracing(config, role, server);
  const parts = new OpenParts(log);
  if (tracing !== null) parts.add(tracing);
  const opening = openServer(role, config, log, tracing, parts);
  const stopped = host.stopped.then((signal) => ({ signal }));
  try {
    const first = await Promise.race([opening, stopped]);
    if ('url' in first)
      host.stdout.write(role === 'WORKER' ? workerGreeting(first) : greeting(first, config));
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

async function openServer(
  role: Role,
  config: Config,
  log: Log,
  tracing: Tracing | null,
  parts: OpenParts,
): Promise<Serving> {
  const persistedDocuments = await checkFirst(role, config);
  const base = await openBase(role, config, log, tracing, parts);
  const { access, store } = base;
  const work = role === 'API' ? await openRemoteStreams(base, parts) : await openHere(base, parts);
  const eraser = createEraser(base, work);
  const { url, prepare } = await (role === 'WORKER'
    ? openWorkerProbes(base, work, eraser, parts)
    : openFront(base, work, eraser, persistedDocuments, parts));
  // Last, so that it is closed first: its sessions drain while all that they need is open.
  await work.begin(prepare);
  log.info({ url, role: role.toLowerCase(), models: await work.modelIds() }, 'serving');
  const isAuthRequired = await access.authenticator.isRequired();
  return { url, retention: tellPrivacy(config, store, log), isAuthRequired };
}

/** Loaded only where streams run: models and decoders are large. */
async function openHere(base: Base, parts: OpenParts): Promise<Work> {
  const { openLocalStreams } = await import('./local-streams.ts');
  return openLocalStreams(base, parts);
}

/** What a worker tells those who watch it. */
async function openWorkerProbes(base: Base, work: Work, eraser: Eraser, parts: OpenParts): Promise<Front> {
  const { config, store, log, metrics, access, audit, bus } = base;
  const { registry } = metrics;
  const { url } = parts.add(
    await openProbes({
      ...{ ...apiSettings(config, store), ...apiAccess(access), requestRate: config.limits.requestRate },
      ...{ audit, log, isStoreAway: isAway, onRefused: (code: string) => metrics.refused.inc({ code }) },
      ...{ ready: createReadiness(config, store, work.runs), standing: bus.standing, health: work.health },
      metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    }),
  );
  parts.add(eraser);
  return { url, prepare: () => eraser.resume() };
}

/** What can be known to be wrong before anything is opened. @returns the documents that may be asked; null: any */
async function checkFirst(role: Role, config: Config) {
  assertShared(role, config);
  await assertPortFree(config);
  return readPersistedDocuments(config.persistedDocuments);
}

/** @returns for how long recordings are kept, in a sentence */
function tellPrivacy(config: Config, { retentionHours }: Store, log: Log): string {
  warnNoticeUnset(config, log);
  const sentence = describeRetention(retentionHours);
  log.info({ retentionHours }, sentence);
  return sentence;
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

function workerGreeting({ url, retention }: Serving): string {
  return `
This mien worker runs streams; what it does: ${url}/metrics
${retention}

`;
}
