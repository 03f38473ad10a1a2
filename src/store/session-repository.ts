/** Runs of streams, and their states. */
import { isId } from '../domain/ids.ts';
import { LIVE_STATES, type SessionRecord, type SessionState, type StateDetails } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Session } from './generated/client.ts';
import { isMissingReference } from './sql/database-errors.ts';

export interface SessionRepository extends SessionQueries {
  /** @throws MienError NOT_FOUND when the stream or the model is not stored */
  create(input: { streamId: string; modelId: string }): Promise<SessionRecord>;
  /** A state that is not live also sets `endedAt`. @throws MienError NOT_FOUND */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Of these, those that are in a live state, where a crash left them, become INTERRUPTED. Returns them, oldest first. */
  interruptLive(ids: readonly string[]): Promise<SessionRecord[]>;
}

interface SessionQueries {
  get(id: string): Promise<SessionRecord | null>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state, oldest first; of one stream or of all. */
  live(streamId?: string): Promise<SessionRecord[]>;
  /** Those with `startedAt` at or after `time`, by `startedAt`, then by id; of one stream or of all. */
  startedSince(time: Date, streamId?: string): Promise<SessionRecord[]>;
}

export function createSessionRepository(prisma: PrismaClient): SessionRepository {
  return {
    ...createSessionQueries(prisma),
    async create({ streamId, modelId }) {
      const row = isId(streamId) ? await createRow(prisma, streamId, modelId) : null;
      if (row === null)
        throw new MienError('NOT_FOUND', `There is no stream ${streamId}, or no model ${modelId}.`);
      return toRecord(row);
    },
    async setState(id, state, { failure, frame } = {}) {
      const data = {
        state,
        endedAt: LIVE_STATES.includes(state) ? null : new Date(),
        ...(failure === undefined ? {} : { failure }),
        ...(frame === undefined ? {} : { frameWidth: frame.width, frameHeight: frame.height }),
      };
      const [row] = isId(id) ? await prisma.session.updateManyAndReturn({ where: { id }, data }) : [];
      if (row === undefined) throw new MienError('NOT_FOUND', `There is no session ${id}.`);
      return toRecord(row);
    },
    async interruptLive(ids) {
      const rows = await prisma.session.updateManyAndReturn({
        where: { id: { in: ids.filter(isId) }, state: { in: [...LIVE_STATES] } },
        data: { state: 'INTERRUPTED', endedAt: new Date() },
      });
      return rows.sort((a, b) => a.ordinal - b.ordinal).map(toRecord);
    },
  };
}

function createSessionQueries(prisma: PrismaClient): SessionQueries {
  /** @param streamId undefined: of all streams */
  async function findAll(
    streamId: string | undefined,
    where: Prisma.SessionWhereInput,
    orderBy: Prisma.SessionOrderByWithRelationInput[],
  ): Promise<SessionRecord[]> {
    if (streamId !== undefined && !isId(streamId)) return [];
    const ofStream = streamId === undefined ? {} : { streamId };
    return (await prisma.session.findMany({ where: { ...ofStream, ...where }, orderBy })).map(toRecord);
  }
  return {
    async get(id) {
      const row = isId(id) ? await prisma.session.findUnique({ where: { id } }) : null;
      return row && toRecord(row);
    },
    async latest(streamId) {
      const row = isId(streamId)
        ? await prisma.session.findFirst({ where: { streamId }, orderBy: { ordinal: 'desc' } })
        : null;
      return row && toRecord(row);
    },
    live: (streamId) => findAll(streamId, { state: { in: [...LIVE_STATES] } }, [{ ordinal: 'asc' }]),
    startedSince: (time, streamId) =>
      findAll(streamId, { startedAt: { gte: time } }, [{ startedAt: 'asc' }, { id: 'asc' }]),
  };
}

async function createRow(prisma: PrismaClient, streamId: string, modelId: string): Promise<Session | null> {
  try {
    return await prisma.session.create({ data: { streamId, modelId } });
  } catch (error) {
    if (isMissingReference(error)) return null;
    throw error;
  }
}

function toRecord({ id, streamId, state, failure, modelId, startedAt, endedAt }: Session): SessionRecord {
  return { id, streamId, state, failure, modelId, startedAt, endedAt };
}
