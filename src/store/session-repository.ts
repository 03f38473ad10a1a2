/** Runs of streams, and their states. */
import { LIVE_STATES, type SessionRecord, type SessionState, type StateDetails } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { isMissingReference } from './database-errors.ts';
import type { PrismaClient, Session } from './generated/client.ts';
import { isId } from './ids.ts';

export interface SessionBook {
  /** @throws MienError NOT_FOUND when the stream or the model is not stored */
  create(input: { streamId: string; modelId: string }): Promise<SessionRecord>;
  /** A state that is not live also sets `endedAt`. @throws MienError NOT_FOUND */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Of these, those that are in a live state, where a crash left them, become INTERRUPTED. Returns them. */
  interruptLive(ids: readonly string[]): Promise<SessionRecord[]>;
  get(id: string): Promise<SessionRecord | null>;
  /** Newest first. @param page.after the id of the last one seen */
  list(page?: { streamId?: string; first?: number; after?: string }): Promise<SessionRecord[]>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state, oldest first; of one stream or of all. */
  live(streamId?: string): Promise<SessionRecord[]>;
  /** Those with `startedAt` at or after `time`, by `startedAt`, then by id; of one stream or of all. */
  startedSince(time: Date, streamId?: string): Promise<SessionRecord[]>;
  /** Sessions of the stream begun after the given one, oldest first: where a resuming reader goes on. */
  sessionsAfter(streamId: string, sessionId: string): Promise<SessionRecord[]>;
}

export function createSessions(prisma: PrismaClient): SessionBook {
  const find = (id: string) => (isId(id) ? prisma.session.findUnique({ where: { id } }) : null);
  return {
    async create({ streamId, modelId }) {
      const row = isId(streamId) ? await createRow(prisma, streamId, modelId) : null;
      if (row === null)
        throw new MienError('NOT_FOUND', `There is no stream ${streamId}, or no model ${modelId}.`);
      return record(row);
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
      return record(row);
    },
    async interruptLive(ids) {
      const rows = await prisma.session.updateManyAndReturn({
        where: { id: { in: ids.filter(isId) }, state: { in: [...LIVE_STATES] } },
        data: { state: 'INTERRUPTED', endedAt: new Date() },
      });
      return rows.sort((a, b) => a.ordinal - b.ordinal).map(record);
    },
    async get(id) {
      const row = await find(id);
      return row && record(row);
    },
    async list({ streamId, first, after } = {}) {
      if (streamId !== undefined && !isId(streamId)) return [];
      const cursor = after === undefined ? null : await find(after);
      if (after !== undefined && cursor === null) {
        throw new MienError('CURSOR_INVALID', 'The cursor names no session. Start again without it.');
      }
      const rows = await prisma.session.findMany({
        where: {
          ...of(streamId),
          ...(cursor === null ? {} : { ordinal: { lt: cursor.ordinal } }),
        },
        ...(first === undefined ? {} : { take: first }),
        orderBy: { ordinal: 'desc' },
      });
      return rows.map(record);
    },
    async latest(streamId) {
      const row = isId(streamId)
        ? await prisma.session.findFirst({ where: { streamId }, orderBy: { ordinal: 'desc' } })
        : null;
      return row && record(row);
    },
    async live(streamId) {
      if (streamId !== undefined && !isId(streamId)) return [];
      const where = { ...of(streamId), state: { in: [...LIVE_STATES] } };
      return (await prisma.session.findMany({ where, orderBy: { ordinal: 'asc' } })).map(record);
    },
    async startedSince(time, streamId) {
      if (streamId !== undefined && !isId(streamId)) return [];
      const where = { ...of(streamId), startedAt: { gte: time } };
      return (await prisma.session.findMany({ where, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] })).map(
        record,
      );
    },
    async sessionsAfter(streamId, sessionId) {
      const row = isId(streamId) ? await find(sessionId) : null;
      if (row === null) return [];
      const where = { streamId, ordinal: { gt: row.ordinal } };
      return (await prisma.session.findMany({ where, orderBy: { ordinal: 'asc' } })).map(record);
    },
  };
}

function of(streamId: string | undefined) {
  return streamId === undefined ? {} : { streamId };
}

async function createRow(prisma: PrismaClient, streamId: string, modelId: string): Promise<Session | null> {
  try {
    return await prisma.session.create({ data: { streamId, modelId } });
  } catch (error) {
    if (isMissingReference(error)) return null;
    throw error;
  }
}

function record({ id, streamId, state, failure, modelId, startedAt, endedAt }: Session): SessionRecord {
  return { id, streamId, state, failure, modelId, startedAt, endedAt };
}
