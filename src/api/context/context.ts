/** What resolvers reach. One per request, and one per event of a subscription, so that nothing loaded goes stale. */
import type { PrismaClient } from '../../store/generated/client.ts';
import type { RecordingQueries, StreamManager, Subscriptions } from './ports.ts';

/** The same for every request. */
export interface Services {
  prisma: PrismaClient;
  recordings: RecordingQueries;
  subscriptions: Subscriptions;
  streamManager: StreamManager;
  /** Ids of the models that are loaded now. */
  modelIds: readonly string[];
}

export interface Context extends Services {
  /** Names of the action units of a session's model. */
  actionUnitsOf(sessionId: string): readonly string[] | Promise<readonly string[]>;
}

/** How many sessions' action-unit names are kept; they never change. */
const CACHED_SESSIONS = 1000;

export function createContextFactory(services: Services): () => Context {
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

  return () => ({
    ...services,
    actionUnitsOf: (sessionId) => actionUnits.get(sessionId) ?? lookUp(sessionId),
  });
}
