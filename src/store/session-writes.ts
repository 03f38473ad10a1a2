/** What is written of sessions, each by the worker that runs it. */
import type { Tags } from '../domain/access.ts';
import { isId } from '../domain/id-format.ts';
import {
  LASTING_STATES,
  LIVE_STATES,
  type SessionSettings,
  type SessionState,
  type SessionWords,
} from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Session } from './generated/client.ts';
import { KEEP } from './lease/statements.ts';
import { closeEpisodes } from './open-episodes.ts';
import { isMissingReference, isTaken } from './sql/database-errors.ts';
import { takenOver } from './sql/taken-over.ts';

/** @returns those that are INTERRUPTED then, the oldest first: also where the answer is lost, and it is asked again */
export async function interruptLive(
  prisma: PrismaClient,
  workerId: string | null,
  { ids: given, failure, at: endedAt }: { ids: readonly string[]; failure: string; at: Date },
): Promise<Session[]> {
  const ids = given.filter(isId);
  const ofThese = { id: { in: ids }, workerId };
  return prisma.$transaction(async (tx) => {
    await tx.session.updateMany({
      where: { ...ofThese, state: { in: [...LIVE_STATES] } },
      data: { state: 'INTERRUPTED', failure, endedAt },
    });
    // The clock by which it began may have been ahead of this one.
    const { startedAt } = tx.session.fields;
    const early = await tx.session.findMany({ where: { ...ofThese, endedAt: { lt: startedAt } } });
    for (const row of early)
      await tx.session.update({ where: { id: row.id }, data: { endedAt: row.startedAt } });
    const where = { ...ofThese, state: 'INTERRUPTED' } as const;
    const interrupted = await tx.session.findMany({ where, orderBy: { ordinal: 'asc' } });
    await closeEpisodes(
      tx,
      interrupted.map(({ id }) => id),
    );
    return interrupted;
  });
}

/**
 * The state in which it has ended may be written again, since an answer may have been lost; the stream may have begun another since.
 * @throws MienError NOT_FOUND; CONFLICT: it is not this worker's, or has ended otherwise; nothing is changed then
 */
export async function updateRow(
  prisma: PrismaClient,
  id: string,
  workerId: string | null,
  state: SessionState,
  data: Prisma.SessionUpdateManyMutationInput,
): Promise<Session> {
  const live = { state: { in: [...LIVE_STATES] } };
  const update = async (tx: Prisma.TransactionClient) => {
    const [row] = await tx.session.updateManyAndReturn({ where: { id, workerId, ...live }, data });
    if (row !== undefined) return row;
    // Said again, it has ended when that was said first.
    const { endedAt: _later, ...told } = data;
    const [again] = await tx.session.updateManyAndReturn({ where: { id, workerId, state }, data: told });
    if (again !== undefined) return again;
    const found = await tx.session.findUnique({ where: { id }, select: { workerId: true } });
    if (found === null) throw noSession(id);
    throw found.workerId === workerId ? hasEnded(id) : takenOver(id);
  };
  if (LIVE_STATES.includes(state)) return update(prisma);
  return prisma.$transaction(async (tx) => {
    // Stream first, as whoever removes it locks them.
    if (LASTING_STATES.includes(state)) {
      await tx.stream.updateMany({
        where: { sessions: { some: { id, workerId, ...live } } },
        data: { shouldRun: false },
      });
    }
    const row = await update(tx);
    await closeEpisodes(tx, [id]);
    return hasBegun(row) ? row : tx.session.update({ where: { id }, data: { endedAt: row.startedAt } });
  });
}

/** When it ended: the clock may have been set since it began. */
function hasBegun({ startedAt, endedAt }: Pick<Session, 'startedAt' | 'endedAt'>): boolean {
  return endedAt === null || endedAt >= startedAt;
}

export interface NewSession {
  streamId: string;
  modelId: string;
  /** With what it begins. */
  settings?: SessionSettings;
  words?: Partial<SessionWords>;
  /** Only where the stream still should run. */
  again?: boolean;
}

export async function createRow(
  prisma: PrismaClient,
  workerId: string,
  { streamId, modelId, settings, words = {}, again = false }: NewSession,
  startedAt: Date,
): Promise<Session> {
  const missing = () => new MienError('NOT_FOUND', `There is no stream ${streamId}, or no model ${modelId}.`);
  if (!isId(streamId)) throw missing();
  const found = await prisma.stream.findUnique({ where: { id: streamId }, select: { tags: true } });
  if (found === null) throw missing();
  const { tags: ownTags = {}, ...told } = words;
  const streamTags = found.tags as Tags;
  const tags = { ...streamTags, ...ownTags };
  try {
    return await prisma.$transaction(async (tx) => {
      const held = await tx.$queryRawUnsafe<unknown[]>(KEEP, workerId);
      if (held.length === 0) throw leaseLost();
      const begun = await tx.stream.updateMany({
        where: { id: streamId, ...(again && { shouldRun: true }) },
        data: { shouldRun: true, heldBy: null },
      });
      if (again && begun.count === 0) throw stopped(streamId);
      return tx.session.create({
        data: {
          ...told,
          streamId,
          modelId,
          workerId,
          tags,
          streamTags,
          ...{ ownTags, startedAt },
          ...(settings && { settings }),
        },
      });
    });
  } catch (error) {
    if (isMissingReference(error)) throw missing();
    throw isTaken(error) ? runsAlready(streamId) : error;
  }
}

function stopped(streamId: string): MienError {
  return new MienError('CONFLICT', `The stream ${streamId} was stopped meanwhile.`);
}

function leaseLost(): MienError {
  return new MienError(
    'STORE_UNAVAILABLE',
    'This server was away from the database for too long, and begins anew. Try again in a moment.',
  );
}

function runsAlready(streamId: string): MienError {
  const sentence = `The stream ${streamId} is running already, maybe on another server. Stop it first to begin a new session.`;
  return new MienError('CONFLICT', sentence);
}

export async function describeRow(
  prisma: PrismaClient,
  id: string,
  { tags: ownTags, ...told }: Partial<SessionWords>,
): Promise<Session> {
  if (!isId(id)) throw noSession(id);
  const data = { ...told, ...(ownTags && { ownTags }) };
  return prisma.$transaction(async (tx) => {
    const [row] = await tx.session.updateManyAndReturn({ where: { id }, data });
    if (row === undefined) throw noSession(id);
    // Nobody else changes the row before this ends.
    const tags = { ...(row.streamTags as Tags), ...(row.ownTags as Tags) };
    return ownTags ? tx.session.update({ where: { id }, data: { tags } }) : row;
  });
}

function hasEnded(id: string): MienError {
  return new MienError('CONFLICT', `Session ${id} has ended.`);
}

export function noSession(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no session ${id}.`);
}
