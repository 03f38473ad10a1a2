/** Runs of streams, and their states. */
import { isId } from '../domain/id-format.ts';
import type { Marker, MarkerChoice, NewMarker } from '../domain/marker.ts';
import type { Episode } from '../domain/moment.ts';
import type { RecordClock } from '../domain/record-clock.ts';
import type { SessionQueries } from '../domain/session-queries.ts';
import {
  LIVE_STATES,
  type SessionRecord,
  type SessionSettings,
  type SessionState,
  type SessionWords,
  type StateDetails,
} from '../domain/stream.ts';
import type { Prisma, PrismaClient, Session } from './generated/client.ts';
import type { Lease } from './lease/lease.ts';
import { findRunner, type Runner, takeAbandoned } from './lease/take-abandoned.ts';
import { addMarkers, removeMarkers } from './markers.ts';
import { openEpisodes } from './open-episodes.ts';
import {
  createRow,
  describeRow,
  interruptLive,
  type NewSession,
  noSession,
  updateRow,
} from './session-writes.ts';
import { throwUnavailable } from './sql/database-errors.ts';
import { withTags } from './sql/with-tags.ts';

export interface SessionRepository extends SessionQueries {
  /**
   * With the tags of its stream, which should run from now on, and with its own. It is this server's.
   * @throws MienError NOT_FOUND when the stream or the model is not stored; CONFLICT when a session of it is live, wherever,
   * or with `again`, when the stream should not run any more
   */
  create(input: NewSession): Promise<SessionRecord>;
  /** With what the live session of a stream was begun, wherever it runs; null: there is none, or that is not known. */
  begunWith(streamId: string): Promise<SessionSettings | null>;
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
   * stream should not run any more. Of one that has ended, its state may be told once more.
   * @throws MienError NOT_FOUND; CONFLICT: it is not this server's (any more), or has ended otherwise; STORE_UNAVAILABLE: the same may be stored later
   */
  setState(id: string, state: SessionState, details?: StateDetails): Promise<SessionRecord>;
  /**
   * Live sessions whose server is gone are this one's from now on, as far as it may.
   * @returns all live ones that are this server's, the oldest first: also those that an answer which was lost told of
   */
  adopt(): Promise<SessionRecord[]>;
  /** Who runs it now; null where it is not live. */
  runner(id: string): Promise<Runner | null>;
  /** A live session whose server is gone is this one's from now on, also where this one runs none: to be ended. @returns whether it is */
  takeAbandoned(id: string): Promise<boolean>;
  /** Live sessions of this server whose streams should not run any more. */
  unwanted(): Promise<SessionRecord[]>;
  /** Of these, those of this server that are in a live state become INTERRUPTED. Returns all that are, the oldest first. */
  interruptLive(ids: readonly string[], failure: string): Promise<SessionRecord[]>;
  /** Episodes of these sessions that were told of and are open, as they are closed when a session ends without doing so. */
  openEpisodes(ids: readonly string[]): Promise<Episode[]>;
}

type Clock = Pick<RecordClock, 'now'>;

export function createSessionRepository(prisma: PrismaClient, lease: Lease, clock: Clock): SessionRepository {
  return {
    ...createSessionQueries(prisma),
    ...createOwnership(prisma, lease, clock),
    async create(input) {
      return toRecord(await createRow(prisma, await lease.hold(), input, new Date(clock.now())));
    },
    async begunWith(streamId) {
      const where = { streamId, state: { in: [...LIVE_STATES] } };
      const row = isId(streamId)
        ? await prisma.session.findFirst({ where, select: { settings: true } })
        : null;
      return (row?.settings ?? null) as SessionSettings | null;
    },
    async describe(id, words) {
      return toRecord(await describeRow(prisma, id, words));
    },
    async mark(id, markers) {
      return (isId(id) ? await addMarkers(prisma, id, markers, clock.now()) : null) ?? refuseUnknown(id);
    },
    async unmark(id, choices) {
      return (isId(id) ? await removeMarkers(prisma, id, choices) : null) ?? refuseUnknown(id);
    },
    async setState(id, state, { failure, frame, smallestFace } = {}) {
      const data = {
        state,
        endedAt: LIVE_STATES.includes(state) ? null : new Date(clock.now()),
        // PostgreSQL's text holds every character but NUL, and servers of sources choose words of it.
        ...(failure === undefined ? {} : { failure: failure?.replaceAll('\0', '') ?? null }),
        ...(smallestFace === undefined ? {} : { smallestFace }),
        ...(frame === undefined ? {} : { frameWidth: frame.width, frameHeight: frame.height }),
      };
      if (!isId(id)) throw noSession(id);
      return toRecord(await updateRow(prisma, id, lease.id, state, data).catch(throwUnavailable));
    },
    openEpisodes: (ids) => openEpisodes(prisma, ids.filter(isId)),
  };
}

function createOwnership(
  prisma: PrismaClient,
  lease: Lease,
  clock: Clock,
): Pick<SessionRepository, 'adopt' | 'runner' | 'takeAbandoned' | 'unwanted' | 'interruptLive'> {
  return {
    runner: async (id) => (isId(id) ? findRunner(prisma, id) : null),
    takeAbandoned: async (id) => isId(id) && takeAbandoned(prisma, lease, id),
    async adopt() {
      await lease.adopt();
      const where = { state: { in: [...LIVE_STATES] }, workerId: lease.id };
      return (await prisma.session.findMany({ where, orderBy: { ordinal: 'asc' } })).map(toRecord);
    },
    async unwanted() {
      const where = { state: { in: [...LIVE_STATES] }, workerId: lease.id, stream: { shouldRun: false } };
      return (await prisma.session.findMany({ where })).map(toRecord);
    },
    async interruptLive(ids, failure) {
      return (await interruptLive(prisma, lease.id, { ids, failure, at: new Date(clock.now()) })).map(
        toRecord,
      );
    },
  };
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

function refuseUnknown(id: string): never {
  throw noSession(id);
}

function toRecord({ id, streamId, state, failure, modelId, startedAt, endedAt }: Session): SessionRecord {
  return { id, streamId, state, failure, modelId, startedAt, endedAt };
}
