/** Runs of streams, and their states. */
import type { Tags } from '../domain/access.ts';
import { isId } from '../domain/ids.ts';
import type { Marker, MarkerChoice, NewMarker } from '../domain/marker.ts';
import type { Episode } from '../domain/moment.ts';
import type { SessionQueries } from '../domain/session-queries.ts';
import {
  LASTING_STATES,
  LIVE_STATES,
  type SessionRecord,
  type SessionState,
  type SessionWords,
  type StateDetails,
} from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Session } from './generated/client.ts';
import { addMarkers, removeMarkers } from './markers.ts';
import { closeEpisodes, openEpisodes } from './open-episodes.ts';
import { isMissingReference, throwUnavailable } from './sql/database-errors.ts';
import { withTags } from './sql/with-tags.ts';

export interface SessionRepository extends SessionQueries {
  /**
   * With the tags of its stream, which should run from now on, and with its own.
   * @throws MienError NOT_FOUND when the stream or the model is not stored
   */
  create(input: { streamId: string; modelId: string; words?: Partial<SessionWords> }): Promise<SessionRecord>;
  /** What is left out stays as it is; `tags` take the place of its own ones. @throws MienError NOT_FOUND */
  describe(id: string, words: Partial<SessionWords>): Promise<SessionRecord>;
  /**
   * Adds markers; those that are there already are there once.
   * @returns them with their media times, in their order, and how many were not there
   * @throws MienError NOT_FOUND; BAD_INPUT: a time lies outside of it; CONFLICT: it has too many, or no “now”
   */
  mark(id: string, markers: readonly NewMarker[]): Promise<{ markers: Marker[]; added: number }>;
  /** Removes markers. @returns how many @throws MienError NOT_FOUND */
  unmark(id: string, choices: readonly MarkerChoice[]): Promise<number>;
  /**
   * A state that is not live also sets `endedAt`, and closes the episodes that are still open; after ENDED and FAILED the
   * stream should not run any more.
   * @throws MienError NOT_FOUND; STORE_UNAVAILABLE: the same may be stored later
   */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /** Of these, those that are in a live state, where a crash left them, become INTERRUPTED. Returns them, oldest first. */
  interruptLive(ids: readonly string[], failure: string): Promise<SessionRecord[]>;
  /** Episodes of these sessions that were told of and are open, as they are closed when a session ends without doing so. */
  openEpisodes(ids: readonly string[]): Promise<Episode[]>;
}

export function createSessionRepository(prisma: PrismaClient): SessionRepository {
  return {
    ...createSessionQueries(prisma),
    async create(input) {
      return toRecord(await createRow(prisma, input));
    },
    async describe(id, words) {
      return toRecord(await describeRow(prisma, id, words));
    },
    async mark(id, markers) {
      return (isId(id) ? await addMarkers(prisma, id, markers) : null) ?? refuseUnknown(id);
    },
    async unmark(id, choices) {
      return (isId(id) ? await removeMarkers(prisma, id, choices) : null) ?? refuseUnknown(id);
    },
    async setState(id, state, { failure, frame, smallestFace } = {}) {
      const data = {
        state,
        endedAt: LIVE_STATES.includes(state) ? null : new Date(),
        // PostgreSQL's text holds every character but NUL, and servers of sources choose words of it.
        ...(failure === undefined ? {} : { failure: failure?.replaceAll('\0', '') ?? null }),
        ...(smallestFace === undefined ? {} : { smallestFace }),
        ...(frame === undefined ? {} : { frameWidth: frame.width, frameHeight: frame.height }),
      };
      const [row] = isId(id) ? await updateRow(prisma, id, state, data).catch(throwUnavailable) : [];
      if (row === undefined) throw noSession(id);
      return toRecord(row);
    },
    interruptLive: (ids, failure) => interruptLive(prisma, ids, failure),
    openEpisodes: (ids) => openEpisodes(prisma, ids.filter(isId)),
  };
}

async function interruptLive(
  prisma: PrismaClient,
  ids: readonly string[],
  failure: string,
): Promise<SessionRecord[]> {
  const rows = await prisma.$transaction(async (tx) => {
    const interrupted = await tx.session.updateManyAndReturn({
      where: { id: { in: ids.filter(isId) }, state: { in: [...LIVE_STATES] } },
      data: { state: 'INTERRUPTED', failure, endedAt: new Date() },
    });
    await closeEpisodes(
      tx,
      interrupted.map(({ id }) => id),
    );
    return interrupted;
  });
  return rows.sort((a, b) => a.ordinal - b.ordinal).map(toRecord);
}

function createSessionQueries(prisma: PrismaClient): SessionQueries {
  /** @param streamId undefined: of all streams */
  async function findAll(
    streamId: string | undefined,
    where: Prisma.SessionWhereInput,
    orderBy: Prisma.SessionOrderByWithRelationInput[],
    limit?: number,
  ): Promise<SessionRecord[]> {
    if (streamId !== undefined && !isId(streamId)) return [];
    const ofStream = streamId === undefined ? {} : { streamId };
    const query: Prisma.SessionFindManyArgs = { where: { ...ofStream, ...where }, orderBy };
    if (limit !== undefined) query.take = limit;
    return (await prisma.session.findMany(query)).map(toRecord);
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
    async followersOf(id, limit) {
      const row = isId(id) ? await prisma.session.findUnique({ where: { id } }) : null;
      if (row === null) return [];
      return findAll(row.streamId, { ordinal: { gt: row.ordinal } }, [{ ordinal: 'asc' }], limit);
    },
    startedSince: (time, { streamId, tags, limit } = {}) =>
      findAll(
        streamId,
        { startedAt: { gte: time }, ...(tags && { stream: withTags(tags) }) },
        [{ startedAt: 'asc' }, { id: 'asc' }],
        limit,
      ),
  };
}

function updateRow(
  prisma: PrismaClient,
  id: string,
  state: SessionState,
  data: Prisma.SessionUpdateManyMutationInput,
): Promise<Session[]> {
  if (LIVE_STATES.includes(state)) return prisma.session.updateManyAndReturn({ where: { id }, data });
  return prisma.$transaction(async (tx) => {
    // Stream first, as whoever removes it locks them.
    if (LASTING_STATES.includes(state)) {
      await tx.stream.updateMany({ where: { sessions: { some: { id } } }, data: { shouldRun: false } });
    }
    const rows = await tx.session.updateManyAndReturn({ where: { id }, data });
    await closeEpisodes(tx, [id]);
    return rows;
  });
}

async function createRow(
  prisma: PrismaClient,
  { streamId, modelId, words = {} }: Parameters<SessionRepository['create']>[0],
): Promise<Session> {
  const missing = () => new MienError('NOT_FOUND', `There is no stream ${streamId}, or no model ${modelId}.`);
  if (!isId(streamId)) throw missing();
  const found = await prisma.stream.findUnique({ where: { id: streamId }, select: { tags: true } });
  if (found === null) throw missing();
  const { tags: ownTags = {}, ...told } = words;
  const streamTags = found.tags as Tags;
  const tags = { ...streamTags, ...ownTags };
  const stream = prisma.stream.updateMany({ where: { id: streamId }, data: { shouldRun: true } });
  const session = prisma.session.create({
    data: { ...told, streamId, modelId, tags, streamTags, ownTags },
  });
  try {
    const [, row] = await prisma.$transaction([stream, session]);
    return row;
  } catch (error) {
    throw isMissingReference(error) ? missing() : error;
  }
}

async function describeRow(
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

function refuseUnknown(id: string): never {
  throw noSession(id);
}

function noSession(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no session ${id}.`);
}

function toRecord({ id, streamId, state, failure, modelId, startedAt, endedAt }: Session): SessionRecord {
  return { id, streamId, state, failure, modelId, startedAt, endedAt };
}
