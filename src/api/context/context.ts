/** What resolvers reach. One per request, and one per event of a subscription, so that nothing loaded goes stale. */
import type { Requester, Tags } from '../../domain/access.ts';
import type { Audit } from '../../domain/audit.ts';
import type { Purpose } from '../../domain/stream.ts';
import { tagEntries } from '../../domain/tags.ts';
import type { PrismaClient } from '../../store/generated/client.ts';
import type { Outputs } from './output-port.ts';
import type {
  BringDemoClip,
  Eraser,
  FindRecordedFile,
  ListMediaFiles,
  Load,
  RecordingQueries,
  Sessions,
  StreamManager,
  Subscriptions,
  Tokens,
} from './ports.ts';
import type { Previews } from './preview-port.ts';
import type { IngestAddresses } from './push-port.ts';
import { RequestAllowance } from './request-allowance.ts';
import { tagScopedServices } from './tag-scoped-services.ts';

/** The same for every request. */
export interface Services {
  prisma: PrismaClient;
  recordings: RecordingQueries;
  subscriptions: Subscriptions;
  streamManager: StreamManager;
  ingestAddresses: IngestAddresses;
  sessions: Sessions;
  mediaFiles: ListMediaFiles;
  bringDemoClip: BringDemoClip;
  recordedFile: FindRecordedFile;
  previews: Previews;
  load: Load;
  eraser: Eraser;
  audit: Audit;
  tokens: Tokens;
  outputs: Outputs;
  /** Ids of the models that are loaded now, here or at workers. */
  /** Null: it is not known, since no server that has any answers. */
  modelIds(): readonly string[] | Promise<readonly string[] | null>;
  /** What no stream may be registered for here. */
  refusedPurposes: readonly Purpose[];
}

export interface Context extends Services {
  /** Who asks. */
  requester: Requester;
  /** What it may have summed up, and has so far. */
  allowance: RequestAllowance;
  /** Names of the action units of a session's model. */
  actionUnitsOf(sessionId: string): readonly string[] | Promise<readonly string[]>;
}

/** How many limits' services are kept; there are as many as tokens that are limited in different ways. */
const CACHED_LIMITS = 100;
/** How many sessions' action-unit names are kept; they never change. */
const CACHED_SESSIONS = 1000;

/** Makes a context for a requester. @param isWanted whether somebody waits for the answer; default: always */
export type CreateContext = (requester: Requester, isWanted?: () => boolean) => Context;

export function createContextFactory(services: Services): CreateContext {
  const actionUnits = new Map<string, readonly string[]>();

  const lookUp = async (sessionId: string): Promise<readonly string[]> => {
    const session = await services.prisma.session.findUnique({
      where: { id: sessionId },
      select: { model: { select: { actionUnits: true } } },
    });
    const names = session?.model.actionUnits ?? [];
    if (actionUnits.size >= CACHED_SESSIONS) actionUnits.clear();
    actionUnits.set(sessionId, names);
    return names;
  };

  const limited = createLimited(services);

  return (requester, isWanted) => ({
    ...limited(requester.principal.streams),
    requester,
    allowance: new RequestAllowance(isWanted),
    actionUnitsOf: (sessionId) => actionUnits.get(sessionId) ?? lookUp(sessionId),
  });
}

/** The services as they are for each who is shown some streams only. */
function createLimited(services: Services): (streams: Tags | null) => Services {
  const limited = new Map<string, Services>();
  return (streams) => {
    if (streams === null) return services;
    const key = JSON.stringify(tagEntries(streams));
    const known = limited.get(key);
    if (known) return known;
    const made = tagScopedServices(services, streams);
    if (limited.size >= CACHED_LIMITS) limited.clear();
    limited.set(key, made);
    return made;
  };
}
