/** What resolvers reach. One per request, and one per event of a subscription, so that nothing loaded goes stale. */
import type { PrismaClient } from '../store/generated/client.ts';
import type { Conductor, Library, Live } from './ports.ts';

/** The same for every request. */
export interface Rooms {
  prisma: PrismaClient;
  library: Library;
  live: Live;
  conductor: Conductor;
  /** Ids of the models that are loaded now. */
  modelIds: readonly string[];
}

export interface Context extends Rooms {
  /** Names of the action units of a session's model. */
  actionUnitsOf(sessionId: string): readonly string[] | Promise<readonly string[]>;
}

/** How many sessions' action-unit names are kept; they never change. */
const REMEMBERED_SESSIONS = 1000;

export function createContextFactory(rooms: Rooms): () => Context {
  const remembered = new Map<string, readonly string[]>();

  const lookUp = async (sessionId: string): Promise<readonly string[]> => {
    const session = await rooms.prisma.session.findUnique({
      where: { id: sessionId },
      select: { model: { select: { actionUnits: true } } },
    });
    const names = session?.model.actionUnits ?? [];
    if (remembered.size >= REMEMBERED_SESSIONS) remembered.clear();
    remembered.set(sessionId, names);
    return names;
  };

  return () => ({ ...rooms, actionUnitsOf: (sessionId) => remembered.get(sessionId) ?? lookUp(sessionId) });
}
